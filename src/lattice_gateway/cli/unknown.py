"""What cannot be said of a look, and why: hidden from the caller, or known to the running controller alone. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lattice_gateway.cli.glance import unready_services
from lattice_gateway.cli.look import Look
from lattice_gateway.cli.sight import ALL, blind_spots, unknown_units
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.translate.standing import Missing
from lattice_gateway.core.translate.topology import RouteTopology
from lattice_gateway.core.translate.verdicts import Rejected


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something without a verdict; ``who`` empty: it is about everything."""

    who: str
    why: str

    def __str__(self) -> str:
        return f"{self.who}: {self.why}" if self.who else self.why


def unknown_of(seen: Look) -> tuple[Unknown, ...]:
    """Settings, then kinds, routes and units; nothing where a directory was read."""
    if seen.read.sight == ALL:
        return ()
    return (
        *(Unknown("", why) for why in seen.read.sight.settings),
        *(Unknown("", str(one)) for one in seen.read.sight.hidden),
        *_orphans(seen),
        *(Unknown(str(ref), "; ".join(why)) for ref, why in sorted(blind_routes(seen).items())),
        *(Unknown(str(key), "; ".join(why)) for key, why in blind_units(seen).items()),
        *_remembered(seen),
    )


def blind_routes(seen: Look) -> dict[Ref, tuple[str, ...]]:
    """Routes that are shown and of which something decisive is hidden."""
    found = blind_spots(seen.read.snapshot.objects, seen.read.sight)
    return {ref: why for ref, why in found.items() if seen.read.sight.shows([ref.namespace])}


def blind_units(seen: Look) -> dict[UnitKey, tuple[str, ...]]:
    """Units that are shown and of which nothing can be said."""
    blind = blind_spots(seen.read.snapshot.objects, seen.read.sight)
    shown = (key for key in seen.desired if seen.shows(key))
    unready = unready_services(seen.read.snapshot.objects)
    return unknown_units(shown, seen.homes, blind, unready, seen.read.sight)


def routes_shown(seen: Look) -> Iterable[RouteTopology]:
    """Routes that are shown and of which nothing is hidden."""
    blind = blind_routes(seen)
    return (
        route
        for route in seen.topology.routes
        if route.ref not in blind and seen.read.sight.shows([route.ref.namespace])
    )


def _orphans(seen: Look) -> Iterator[Unknown]:
    if not seen.read.sight.everything_owned:
        yield Unknown("orphans", "not all objects that say what should be in VPC Lattice may be listed")


def _remembered(seen: Look) -> Iterator[Unknown]:
    """What only the memory of the running controller could tell."""
    hold = f"{seen.read.settings.parent_hold:g}"
    for route in routes_shown(seen):
        for parent in route.standing.parents:
            match parent.verdict:
                case Missing(held=True):
                    yield Unknown(
                        str(route.ref),
                        f"since when {parent.gateway} is missing, only the running controller knows; what only it "
                        f"wanted goes {hold} s later",
                    )
                case Rejected() if route.unit is not None:
                    yield Unknown(
                        str(route.ref), "its last accepted form is in the memory of the running controller alone"
                    )
