"""Which hostnames of a route a listener serves (controllers.md §8.3)."""


def intersect(one: str, other: str) -> bool:
    """Whether some host has both names; ``*.x`` stands for one or more labels before ``.x``.

    >>> intersect("*.b", "*.a.b"), intersect("x.b", "*.x.b"), intersect("a.b", "*.b")
    (True, False, True)
    """
    return one == other or _covers(one, other) or _covers(other, one)


def served(listener: str | None, hostnames: tuple[str, ...]) -> tuple[str, ...] | None:
    """The hostnames of a route that a listener serves, in the route's order; None where it serves none.

    Empty: the route has no hostnames, so it takes whatever the listener takes.
    """
    if listener is None or not hostnames:
        return hostnames
    found = tuple(hostname for hostname in hostnames if intersect(listener, hostname))
    return found or None


def _covers(pattern: str, name: str) -> bool:
    """Whether ``pattern`` is a wildcard above ``name``."""
    return pattern.startswith("*.") and name.endswith(pattern[1:])
