"""Which matches can match the same request; only such pairs of rules constrain each other's order (decision 6)."""

from itertools import product
from typing import TypeAlias

from lattice_gateway.core.lattice.observed import Unmodelled
from lattice_gateway.core.lattice.units import Exact, Match, PathMatch, Prefix

Identity: TypeAlias = tuple[PathMatch, str | None, frozenset[tuple[str, str]]]
"""What makes two matches the same: the order of headers and the case of their names do not count."""


def identity(match: Match) -> Identity:
    """The match as it is compared with others (deploy.md §11 rows 19-21)."""
    return match.path, match.method, frozenset((header.name.lower(), header.value) for header in match.headers)


def overlap(a: Match | Unmodelled, b: Match | Unmodelled) -> bool:
    """Whether some request fulfils both; True where a match is one that we cannot read.

    Lattice: paths and methods are compared by case, header names and values are not; a prefix is one of characters,
    not of path elements.
    """
    if isinstance(a, Unmodelled) or isinstance(b, Unmodelled):
        return True
    return _methods(a.method, b.method) and _paths(a.path, b.path) and _headers(a, b)


def _methods(a: str | None, b: str | None) -> bool:
    return a is None or b is None or a == b


def _paths(a: PathMatch, b: PathMatch) -> bool:
    match a, b:
        case Exact(path=first), Exact(path=second):
            return first == second
        case Exact(path=whole), Prefix(path=start):
            return whole.startswith(start)
        case Prefix(path=start), Exact(path=whole):
            return whole.startswith(start)
        case _:
            return a.path.startswith(b.path) or b.path.startswith(a.path)


def _headers(a: Match, b: Match) -> bool:
    """A request has one value of each header, so two values asked of the same one exclude each other."""
    return not any(
        first.name.lower() == second.name.lower() and first.value.lower() != second.value.lower()
        for first, second in product(a.headers, b.headers)
    )
