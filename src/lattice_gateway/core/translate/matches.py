"""Matches of an HTTPRoute in the words of Lattice, and what Lattice has no words for (model.md §3.3, decision 9)."""

import re
from collections.abc import Iterable, Iterator

from lattice_gateway.core.lattice.units import Exact, HeaderMatch, Match, PathMatch, Prefix
from lattice_gateway.core.objects import HTTPRoute, HTTPRouteMatch, HTTPRouteRule, PathType
from lattice_gateway.core.objects.explain import Complaint, show
from lattice_gateway.core.objects.routes import Filter, ValueType

MAX_HEADERS = 5
"""Lattice: HttpMatch.headerMatches."""

MAX_PATH = 200
"""Lattice: PathMatchExact, PathMatchPrefix."""

MAX_HEADER_NAME, MAX_HEADER_VALUE = 100, 200
"""Lattice: HeaderMatchName, HeaderMatchExact."""

_PATH = re.compile(r"/[a-zA-Z0-9@:%_+.~#?&/=-]*")
_EVERYTHING = (HTTPRouteMatch(),)


def matches_of(rule: HTTPRouteRule) -> tuple[HTTPRouteMatch, ...]:
    """The matches of a rule; an empty list is like the default, every request."""
    return rule.matches or _EVERYTHING


def lower(match: HTTPRouteMatch) -> Match:
    """One condition of a Lattice rule; of headers whose names differ in case only, the first counts.

    Spec: HTTPRouteMatch.headers. ``match`` has passed ``unsupported``.
    """
    headers = {header.name.lower(): header for header in reversed(match.headers)}
    kept = (header for header in match.headers if headers[header.name.lower()] is header)
    return Match(
        path=Exact(match.path.value) if match.path.type is PathType.EXACT else Prefix(match.path.value),
        method=str(match.method) if match.method else None,
        headers=tuple(HeaderMatch(header.name, header.value) for header in kept),
    )


def by_element(match: Match) -> tuple[Match, ...]:
    """A prefix as the Gateway API means it: whole path elements (decision 8, ``PATH_PREFIX_BY_ELEMENT``)."""
    path = match.path
    if isinstance(path, Exact) or path.path == "/":
        return (match,)
    whole = path.path.rstrip("/")
    paths: tuple[PathMatch, ...] = (Exact(whole), Prefix(f"{whole}/"))
    return tuple(Match(part, match.method, match.headers) for part in paths)


def unsupported(route: HTTPRoute) -> Iterator[Complaint]:
    """Every field of a route that Lattice cannot express, in manifest order."""
    for index, rule in enumerate(route.spec.rules):
        place = f"spec.rules[{index}]"
        for number, match in enumerate(matches_of(rule)):
            yield from _match(f"{place}.matches[{number}]", match)
        yield from _filters(f"{place}.filters", rule.filters)
        for number, backend in enumerate(rule.backend_refs):
            yield from _filters(f"{place}.backendRefs[{number}].filters", backend.filters)
        yield from _settings(place, rule)


def _match(place: str, match: HTTPRouteMatch) -> Iterator[Complaint]:
    yield from _path(f"{place}.path", match)
    if match.query_params:
        found = ", ".join(param.name for param in match.query_params)
        yield Complaint(f"{place}.queryParams", found, "none: VPC Lattice does not look at query parameters")
    names = {header.name.lower() for header in match.headers}
    if len(names) > MAX_HEADERS:
        yield Complaint(f"{place}.headers", f"{len(names)} headers", f"at most {MAX_HEADERS}")
    for number, header in enumerate(match.headers):
        spot = f"{place}.headers[{number}]"
        if header.type is not ValueType.EXACT:
            yield Complaint(f"{spot}.type", header.type, "Exact: VPC Lattice has no regular expressions")
        if len(header.name) > MAX_HEADER_NAME:
            yield Complaint(f"{spot}.name", f"{len(header.name)} characters", f"at most {MAX_HEADER_NAME}")
        if len(header.value) > MAX_HEADER_VALUE:
            yield Complaint(f"{spot}.value", f"{len(header.value)} characters", f"at most {MAX_HEADER_VALUE}")


def _path(place: str, match: HTTPRouteMatch) -> Iterator[Complaint]:
    path = match.path
    if path.type is PathType.REGULAR_EXPRESSION:
        yield Complaint(f"{place}.type", path.type, "Exact or PathPrefix: VPC Lattice has no regular expressions")
    elif len(path.value) > MAX_PATH:
        yield Complaint(f"{place}.value", f"{len(path.value)} characters", f"at most {MAX_PATH}")
    elif not _PATH.fullmatch(path.value):
        yield Complaint(f"{place}.value", show(path.value), "'/' and then letters, digits and @:%_+.~#?&/=-")


def _filters(place: str, filters: Iterable[Filter]) -> Iterator[Complaint]:
    for number, one in enumerate(filters):
        yield Complaint(f"{place}[{number}]", one.type, "none: VPC Lattice has no filters")


def _settings(place: str, rule: HTTPRouteRule) -> Iterator[Complaint]:
    settings = (
        ("timeouts", rule.timeouts is not None, "none: the time limits of VPC Lattice are fixed"),
        ("retry", rule.retry is not None, "none: VPC Lattice does not repeat requests"),
        ("sessionPersistence", rule.session_persistence is not None, "none: VPC Lattice has no sessions"),
    )
    for name, given, expected in settings:
        if given:
            yield Complaint(f"{place}.{name}", "a setting", expected)
