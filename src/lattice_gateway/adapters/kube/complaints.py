"""What is wrong with the kinds of a cluster, in words for the person who installs them."""

from collections.abc import Collection

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.catalogue import INSTALL, Served
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.engine.feed import Problem

NAMED = 5
"""Objects that are named before the rest is only counted."""


def not_asked(error: KubeError) -> Problem:
    """The server does not say which kinds it has."""
    return Problem(file="", who="the API server", message=f"its kinds cannot be read: {error}")


def not_installed(kinds: Collection[Kind]) -> Problem:
    """Required kinds are missing."""
    names = ", ".join(kinds)
    return Problem(file="", who="Gateway API", message=f"not installed: {names}; nothing is done until `{INSTALL}`")


def not_answered(kinds: Collection[Kind], error: KubeError) -> Problem:
    """The server is away."""
    message = f"{len(kinds)} kinds cannot be watched: {error}; what was last read stays in force"
    return Problem(file="", who="the API server", message=message)


def not_readable(served: Served, error: KubeError) -> Problem:
    """A kind is there and cannot be listed or watched."""
    advice = "; the controller's role needs get, list and watch" if error.forbidden else ""
    return Problem(file="", who=served.definition, message=f"{served.kind} objects cannot be read: {error}{advice}")


def being_deleted(served: Served, known: int) -> Problem:
    """A kind goes, and takes its objects with it."""
    return Problem(file="", who=served.definition, message=f"the kind is being deleted; {_stays(known)}")


def vanished(kind: Kind, known: int) -> Problem:
    """A kind is gone."""
    return Problem(file="", who=str(kind), message=f"the kind is no longer installed; {_stays(known)}")


def lost(kind: Kind, refs: Collection[Ref]) -> Problem:
    """A kind came back without some of its objects."""
    first = ", ".join(str(ref) for ref in sorted(refs)[:NAMED]) + (", …" if len(refs) > NAMED else "")
    message = f"{len(refs)} objects were lost with their kind: {first}; {_stays(len(refs))}, or until a restart"
    return Problem(file="", who=str(kind), message=message)


def _stays(known: int) -> str:
    return f"what its {known} objects ask for stays as it is until they are there again"
