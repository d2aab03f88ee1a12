"""What single changes cost in calls to AWS: counted from rest to rest, with nothing else going on."""

from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bench.cluster.stage import ClusterBench
from bench.figures import Figure
from bench.manifests import Size
from bench.stage import is_write

SHARED: Final = frozenset(
    {"GetResources", "ListServiceNetworkVpcAssociations", "ListServiceNetworks", "ListServices", "ListTargetGroups"}
)
"""Listings of the whole account that all units share."""
ASSOCIATIONS: Final = "ListServiceNetworkServiceAssociations"
"""Shared where it is asked of a network, not where of one service."""

WRITES_OF_A_ROUTE: Final = 13
READS_OF_A_ROUTE: Final = 8
CALLS_OF_A_POD: Final = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of one change by operation: mutating ones, reads of single things, pages of shared listings."""

    written: Counter[str]
    read: Counter[str]
    listed: Counter[str]

    @property
    def writes(self) -> int:
        """Mutating calls."""
        return self.written.total()

    @property
    def reads(self) -> int:
        """Reads of single things."""
        return self.read.total()

    def __str__(self) -> str:
        parts = [f"{count} {name}" for name, count in sorted((self.written + self.read).items())]
        parts += [f"{count} {name} (shared)" for name, count in sorted(self.listed.items())]
        return ", ".join(parts) or "none"


def is_shared(operation: str, members: Mapping[str, Any]) -> bool:
    """Whether a read is of the whole account, so that one serves all units."""
    return operation in SHARED or (operation == ASSOCIATIONS and not members.get("serviceIdentifier"))


async def cost_of(stage: ClusterBench, change: Awaitable[Any]) -> Cost:
    """What a change costs until rest; everything is at rest before."""
    await stage.aws.clear_calls()
    await change
    await stage.still()
    return cost(await stage.log("limit=100000"))


def cost(log: list[dict[str, Any]]) -> Cost:
    """What a log of calls comes to."""
    found = Cost(Counter(), Counter(), Counter())
    for call in log:
        name = call["operation"]
        if is_write(name):
            found.written[name] += 1
        elif is_shared(name, call["params"]):
            found.listed[name] += 1
        else:
            found.read[name] += 1
    return found


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
    """All of them, one after the other."""
    await stage.still()
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
