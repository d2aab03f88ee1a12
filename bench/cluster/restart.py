"""A controller that starts with everything in place: how soon it follows, and what it asks and writes before.

One slice is changed while nobody runs, another one as soon as ``/readyz`` is true. AWS admits so many calls a second of
each operation, as it does after a start.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from bench.cluster.calls import is_shared
from bench.cluster.stage import UPKEEP, ClusterBench
from bench.figures import Figure
from bench.manifests import Size
from bench.stage import Counted, Load, is_write, moment

WITHIN: Final = 15.0
BULK_CALLS: Final = 150
PER_BUCKETS: Final = 1.2
CALL: Final = "RegisterTargets"
MISSED: Final = "r0000-s00"
CHANGED: Final = "r0001-s00"
LOOK: Final = 0.5
"""Seconds between two looks into the log of calls, which says itself when each was."""
TIGHT: Final = Load(latency=0.05, rate=50.0, burst=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A start, in seconds since then.

    ``registered`` is the call for the slice that was changed when ``/readyz`` was true, ``missed`` for the one that was
    changed before the start; ``bulk`` are the shared listings before the former, ``verified`` the last call of all.
    """

    ready: float
    registered: float
    missed: float
    bulk: int
    verified: float
    counted: Counted

    @property
    def writes(self) -> Counter[str]:
        """Mutating calls by operation."""
        return Counter({name: number for name, number in self.counted.done.items() if number and is_write(name)})


async def restarted(stage: ClusterBench) -> Start:
    """Stop it, change one slice, start it again, change another one, and wait until it is at rest."""
    await stage.stop_controller()
    missed = await stage.objects.add_pod(MISSED)
    await stage.aws.clear_calls()
    started = time.time()
    await stage.run_controller()
    ready = await stage.ready() - started
    changed = await stage.objects.add_pod(CHANGED)
    first = await _registered(stage, changed.address)
    before = [each for each in await stage.log("limit=100000") if each["number"] < first["number"]]
    late = await _registered(stage, missed.address)
    await stage.still()
    newest = [moment(each) for each in await stage.log("limit=1000") if each["operation"] != UPKEEP]
    return Start(
        ready=ready,
        registered=moment(first) - started,
        missed=moment(late) - started,
        bulk=sum(is_shared(each["operation"], each["params"]) for each in before),
        verified=max(newest) - started,
        counted=await stage.aws.counted(),
    )


async def restart(stage: ClusterBench, size: Size) -> list[Figure]:
    """Its figures."""
    await stage.still()
    await stage.load(TIGHT)
    start = await restarted(stage)
    told, others = f"restart with {size.routes} routes", start.writes - Counter({CALL: 2})
    buckets = start.counted.seconds_of_all_at(TIGHT)
    return [
        Figure(name=f"{told}: /readyz", measured=start.ready, unit="s", goal=WITHIN, bound="ended by SIGTERM"),
        Figure(
            name=f"{told}: changed slice on the wire",
            measured=start.registered,
            unit="s",
            goal=WITHIN,
            bound="it changed when /readyz was true",
        ),
        Figure(
            name=f"{told}: bulk calls before it", measured=start.bulk, unit="", goal=BULK_CALLS, bound="shared listings"
        ),
        Figure(
            name=f"{told}: everything verified, per what the buckets allow",
            measured=start.verified / buckets,
            unit="×",
            goal=PER_BUCKETS if buckets >= WITHIN else None,
            bound=f"{start.verified:.0f} s; {TIGHT.rate:g} calls a second an operation take {buckets:.0f} s",
        ),
        Figure(
            name=f"{told}: slice that changed while nobody ran on the wire",
            measured=start.missed,
            unit="s",
            goal=None,
            bound="its group has its turn like all others",
        ),
        Figure(name=f"{told}: other writes", measured=others.total(), unit="", goal=0, bound=", ".join(sorted(others))),
    ]


async def _registered(stage: ClusterBench, address: str) -> dict[str, Any]:
    """Wait for the call that names a pod."""
    deadline = time.monotonic() + 20 * WITHIN
    while time.monotonic() < deadline:
        for call in await stage.calls_after(0, CALL):
            if f"'{address}'" in str(call["params"]):
                return call
        await asyncio.sleep(LOOK)
    raise RuntimeError(f"no {CALL} of {address} within {20 * WITHIN:g} s of the start")
