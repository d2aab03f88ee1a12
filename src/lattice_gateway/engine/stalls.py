"""Keeps the interpreter from stopping a controller that holds a large world, in the middle of a moved pod.

A collection of the oldest garbage looks at every object there is: 0.2 s at 1,000 routes. What was built up to the first
rest lives as long as the process; it is taken out of the collector's sight, and what comes later is collected as
before, only less often. And a thread that reads a directory gives way after half a millisecond, not after five.
"""

import gc
import sys

THRESHOLDS = (2_000, 10, 100)
"""New objects before a collection of the youngest, and collections of one generation before one of the next."""
SWITCH = 0.0005
"""Seconds that a thread may keep the interpreter while another one waits for it."""


def stall_less() -> None:
    """For the whole life of the process."""
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH)


def spare_what_lasts() -> None:
    """Once, when what will last has been built."""
    gc.collect()
    gc.freeze()
