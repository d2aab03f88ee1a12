"""Weights of the Gateway API in the range of Lattice (decision 39)."""

from collections.abc import Sequence

from lattice_gateway.core.lattice.words import MAX_WEIGHT


def scaled(weights: Sequence[int]) -> tuple[int, ...]:
    """The weights of one rule, in proportion, none above 999; what is not zero stays at least 1.

    >>> scaled([1_000_000, 500_000, 1, 0]), scaled([90, 10])
    ((999, 500, 1, 0), (90, 10))
    """
    top = max(weights, default=0)
    if top <= MAX_WEIGHT:
        return tuple(weights)
    return tuple(max(1, round(weight * MAX_WEIGHT / top)) if weight else 0 for weight in weights)
