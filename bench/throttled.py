"""200 routes from an empty account, 100 ms a call, 10 calls a second an operation."""

from bench.figures import Figure
from bench.manifests import Size
from bench.stage import Bench, Load, bench

LOAD = Load(latency=0.1, rate=10.0, burst=10)
SIZE = Size(routes=200, rules=2, backends=2, pods=3)


async def throttled() -> list[Figure]:
    """Writes, reads and time from empty to converged, against what nobody can do without."""
    async with bench(LOAD) as stage:
        stage.tree.write(SIZE)
        await stage.run_controller()
        took = await stage.until(lambda found: converged(found, SIZE))
        counted = await stage.counted()
        await stage.quiet(5)
        final = await stage.counted()
    least, bound = SIZE.least_writes, counted.seconds_at(LOAD)
    refused = sum(final.throttled.values())
    return [
        Figure(
            name="mutating calls, 200 routes from empty, per least possible",
            measured=final.writes / least,
            unit="×",
            goal=1.0,
            bound=f"{final.writes} carried out, {least} are needed (13 a route, 2 for the network)",
        ),
        Figure(
            name="reads a route, from empty",
            measured=final.reads / SIZE.routes,
            unit="",
            goal=1.0,
            bound=f"{final.reads} reads; {refused} calls were refused by throttling on the way",
        ),
        Figure(
            name="time to converge, per what throttling alone takes",
            measured=took / bound,
            unit="×",
            goal=1.3,
            bound=f"{took:.0f} s; the fullest bucket alone takes {bound:.0f} s",
        ),
    ]


def converged(found: dict[str, int], size: Size) -> bool:
    """Whether everything that the tree asks for is there."""
    return (
        found["SERVICE"] == size.routes
        and found["LISTENER"] == size.routes
        and found["RULE"] >= size.routes * size.rules
        and found["TARGET_GROUP"] == size.groups
        and found["TARGET"] == size.targets
        and found["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == size.routes
    )


async def settle(stage: Bench, size: Size) -> None:
    """Brings a tree of that size to rest."""
    stage.tree.write(size)
    await stage.run_controller()
    await stage.until(lambda found: converged(found, size))
    await stage.quiet(5)
