"""One new pod of a Service that 100 routes use."""

import time

from bench.figures import Figure
from bench.stage import Load, bench

LOAD = Load(latency=0.1, rate=10.0, burst=10)
ROUTES = 100
PODS = 3


async def shared() -> list[Figure]:
    """Calls and time of one new pod."""
    async with bench(LOAD) as stage:
        stage.tree.write_shared(ROUTES, PODS)
        await stage.run_controller()
        await stage.until(
            lambda found: (
                found["TARGET"] == ROUTES * PODS
                and found["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == ROUTES
                and found["LISTENER"] == ROUTES
                and found["RULE"] >= ROUTES
            )
        )
        await stage.quiet(5)
        await stage.clear_calls()
        started = time.monotonic()
        stage.tree.add_pod("shared")
        await stage.until(lambda found: found["TARGET"] == ROUTES * (PODS + 1))
        took = time.monotonic() - started
        await stage.quiet(3)
        counted = await stage.counted()
    bound = counted.seconds_at(LOAD)
    others = counted.writes - counted.done.get("RegisterTargets", 0)
    return [
        Figure(
            name="RegisterTargets for a pod of a Service that 100 routes use",
            measured=counted.done.get("RegisterTargets", 0),
            unit="",
            goal=ROUTES,
            bound=f"one a target group; {others} other writes",
        ),
        Figure(name="other writes for it", measured=others, unit="", goal=0, bound=""),
        Figure(
            name="time for it, per what the bucket takes",
            measured=took / bound,
            unit="×",
            goal=1.3,
            bound=f"{took:.1f} s; the bucket takes {bound:.1f} s",
        ),
    ]
