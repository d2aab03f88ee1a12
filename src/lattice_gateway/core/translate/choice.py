"""Whose choice of endpoints, backends and matches is in force for a route (decision 22)."""

from enum import Enum

from lattice_gateway.core.objects import HTTPRoute
from lattice_gateway.core.translate.inputs import INHERITED, Inherited
from lattice_gateway.core.translate.view import View


class Choice(Enum):
    """What is held is a choice, not its result: pods that come and go are followed under either."""

    OURS = "ours"
    THEIRS = "the Go controller's"


def choice_of(view: View, route: HTTPRoute) -> Choice:
    """Whose choice may be in force for this form of a route: the Go controller's until the form changes."""
    fact = view.get(INHERITED, route.ref)
    is_theirs = isinstance(fact, Inherited) and fact.generation == route.metadata.generation
    return Choice.THEIRS if is_theirs and not view.settings.apply_switchover_differences else Choice.OURS
