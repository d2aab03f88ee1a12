"""Label selectors."""

from collections.abc import Mapping
from typing import assert_never

from lattice_gateway.core.objects import LabelRequirement, LabelSelector, SelectorOperator


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Whether every requirement holds; an empty selector selects everything."""
    equal = all(labels.get(key) == value for key, value in selector.match_labels.items())
    return equal and all(_holds(requirement, labels) for requirement in selector.match_expressions)


def _holds(requirement: LabelRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case SelectorOperator.IN:
            return value in requirement.values
        case SelectorOperator.NOT_IN:
            return value not in requirement.values
        case SelectorOperator.EXISTS:
            return value is not None
        case SelectorOperator.DOES_NOT_EXIST:
            return value is None
        case _:
            assert_never(requirement.operator)
