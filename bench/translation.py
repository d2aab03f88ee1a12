"""The figures of translation alone, in this process: see ``bench.translate`` for more of them."""

import gc

from bench.figures import Figure, percentile
from bench.translate import PODS, SETTINGS, endpoints, timed, world
from lattice_gateway.engine.translation import News, Translation

ROUTES = 1000
CHANGES = 1000


async def translation() -> list[Figure]:
    """A world from nothing, and one moved pod at a time."""
    objects = tuple(world(ROUTES))
    gc.collect()
    kept = Translation(SETTINGS)
    whole, _ = timed(kept, News(puts=objects))
    took, cells = [], 0
    for turn in range(CHANGES):
        number = (turn * 37) % ROUTES
        moved = endpoints(f"s{number}-1", number * 4 + 1, PODS - 1 - turn // ROUTES % 2)
        seconds, recomputed = timed(kept, News(puts=(moved,)))
        took.append(seconds)
        cells = max(cells, sum(recomputed.values()))
    return [
        Figure(
            name="full translation, 1,000 routes and 20,000 endpoints",
            measured=whole,
            unit="s",
            goal=2,
            bound="in memory, one core",
        ),
        Figure(
            name="translation of one EndpointSlice change, p99",
            measured=percentile(took, 0.99) * 1000,
            unit="ms",
            goal=None,
            bound=f"{CHANGES} changes, in memory",
        ),
        Figure(
            name="cells recomputed for it",
            measured=cells,
            unit="",
            goal=3,
            bound="the Service's endpoints, those that wait for a gate, the one group; of any number of routes",
        ),
    ]
