"""What single changes cost in calls to AWS: counted from rest to rest, with nothing else going on."""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any, Final

from bench.cluster.stage import ClusterBench
from bench.figures import Figure
from bench.manifests import Size
from bench.stage import Counted

SHARED: Final = frozenset(
    {
        "GetResources",
        "ListServiceNetworkServiceAssociations",
        "ListServiceNetworkVpcAssociations",
        "ListServiceNetworks",
        "ListServices",
        "ListTargetGroups",
    }
)
"""Listings of the whole account that all units share."""

WRITES_OF_A_ROUTE: Final = 13
READS_OF_A_ROUTE: Final = 8
CALLS_OF_A_POD: Final = 2
REST: Final = 3.0
"""Seconds without a write after which everything is at rest."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of one change by operation; shared listings apart."""

    counted: Counted

    @property
    def writes(self) -> int:
        """Mutating calls."""
        return self.counted.writes

    @property
    def reads(self) -> int:
        """Reads of single things."""
        return self.counted.reads - sum(self.counted.done.get(name, 0) for name in SHARED)

    @property
    def listings(self) -> int:
        """Pages of shared listings."""
        return self.counted.reads - self.reads

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in sorted(self.counted.done.items()) if count) or "none"


async def cost_of(stage: ClusterBench, change: Awaitable[Any]) -> Cost:
    """What a change costs until rest."""
    await stage.aws.clear_calls()
    await change
    await stage.aws.quiet(REST)
    return Cost(await stage.aws.counted())


async def route_created(stage: ClusterBench, size: Size) -> Cost:
    """One more route of the standard shape: two rules, two backends each."""
    return await cost_of(stage, stage.settle(replace(size, routes=size.routes + 1)))


async def pod_replaced(stage: ClusterBench, service: str) -> Cost:
    """A pod goes and another one comes, in one edit."""
    return await cost_of(stage, stage.objects.replace_pod(service))


async def weight_changed(stage: ClusterBench, route: str) -> Cost:
    """Another weight of a backend that has targets already."""
    document = await stage.objects.route(route)
    rules = document["spec"]["rules"]
    rules[0]["backendRefs"][0]["weight"] = 7
    return await cost_of(stage, stage.objects.patch("HTTPRoute", route, {"spec": {"rules": rules}}))


async def unrelated_edit(stage: ClusterBench, route: str) -> Cost:
    """A label that nobody reads, on a route and on one of its Services."""
    change = {"metadata": {"labels": {"team": "somebody-else"}}}
    await stage.objects.patch("Service", f"{route}-s00", change)
    return await cost_of(stage, stage.objects.patch("HTTPRoute", route, change))


async def calls(stage: ClusterBench, size: Size) -> list[Figure]:
    """All of them, on a stage that is at rest."""
    created = await route_created(stage, size)
    replaced = await pod_replaced(stage, "r0000-s00")
    weighted = await weight_changed(stage, "r0000")
    edited = await unrelated_edit(stage, "r0000")
    return [
        _figure("writes of a standard route created", created.writes, WRITES_OF_A_ROUTE, created),
        _figure("reads of a standard route created", created.reads, READS_OF_A_ROUTE, created),
        _figure("calls of a pod replaced", replaced.writes + replaced.reads, CALLS_OF_A_POD, replaced),
        _figure("calls of a weight changed", weighted.writes + weighted.reads, 1, weighted),
        _figure("calls of an unrelated edit", edited.writes + edited.reads, 0, edited),
    ]


def _figure(name: str, measured: int, goal: int, cost: Cost) -> Figure:
    return Figure(name=name, measured=measured, unit="", goal=goal, bound=str(cost))
