"""Keeps the cyclic garbage collector from stopping a controller that holds a large world.

A collection of the oldest generation looks at every object there is: 0.2 s at 1,000 routes, in the middle of a moved
pod. What was built up to the first rest lives as long as the process; it is taken out of the collector's sight, and
what comes later is collected as before, only less often.
"""

import gc

THRESHOLDS = (20_000, 20, 50)
"""New objects before a collection of the youngest, and collections of one generation before one of the next."""


def collect_less_often() -> None:
    """For the whole life of the process."""
    gc.set_threshold(*THRESHOLDS)


def spare_what_lasts() -> None:
    """Once, when what will last has been built."""
    gc.collect()
    gc.freeze()
