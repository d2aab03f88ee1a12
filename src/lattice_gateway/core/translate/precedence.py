"""In which order rules are tried, and at which numbers people want them (decision 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lattice_gateway.core.lattice.units import Exact, Match
from lattice_gateway.core.lattice.words import MAX_PRIORITY
from lattice_gateway.core.objects.annotations import PREFIX, rule_priority
from lattice_gateway.core.objects.explain import Complaint


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a match stands in its route: rule, match of the rule, part of the match, all counted from 0."""

    rule: int
    match: int
    part: int = 0


def rank(match: Match, place: Place) -> tuple[Any, ...]:
    """Sorts matches of one route, the one tried first in front.

    Spec: HTTPRouteRule.matches: exact path, longer prefix, method, more headers, then order in the list.
    """
    exact = isinstance(match.path, Exact)
    length = len(match.path.path)
    return (not exact, -length, match.method is None, -len(match.headers), place.rule, place.match, place.part)


def annotated(annotations: Mapping[str, str], rules: int) -> tuple[dict[int, int], tuple[Complaint, ...]]:
    """The numbers that ``P/rule-<i>-priority`` gives, by rule, and annotations that give none that can be used."""
    numbers: dict[int, int] = {}
    complaints: list[Complaint] = []
    for index in range(rules):
        match rule_priority(annotations, index):
            case int() as number:
                numbers[index] = number
            case Complaint() as complaint:
                complaints.append(complaint)
            case None:
                pass
    return numbers, tuple(complaints)


def numbered(numbers: Mapping[int, int], sizes: Sequence[int]) -> tuple[dict[int, range], tuple[Complaint, ...]]:
    """The block of numbers of each annotated rule, and what is wrong where blocks meet or leave the range.

    ``sizes`` is how many Lattice rules each rule of the route becomes: a rule with several matches takes its number
    and those right behind it.
    """
    blocks: dict[int, range] = {}
    complaints: list[Complaint] = []
    owner: dict[int, int] = {}
    for index, first in sorted(numbers.items()):
        block = range(first, first + max(sizes[index], 1))
        clash = next((owner[number] for number in block if number in owner), None)
        if clash is not None:
            complaints.append(_complaint(index, block, f"numbers that rule {clash} does not have"))
        elif block.stop - 1 > MAX_PRIORITY:
            complaints.append(_complaint(index, block, f"numbers up to {MAX_PRIORITY}"))
        else:
            blocks[index] = block
            owner.update(dict.fromkeys(block, index))
    return blocks, tuple(complaints)


def _complaint(index: int, block: range, expected: str) -> Complaint:
    found = str(block.start) if len(block) == 1 else f"{block.start} to {block.stop - 1} (one for each match)"
    return Complaint(f"metadata.annotations.{PREFIX}rule-{index}-priority", found, expected)
