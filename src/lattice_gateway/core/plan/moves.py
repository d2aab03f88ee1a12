"""New numbers for rules that stay, in batches that Lattice accepts one after the other.

A batch is judged on its end state, so rules may swap numbers within one, and no batch may give a rule a number that
another rule still has after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lattice_gateway.core.lattice.words import MAX_PRIORITY, RULES_PER_BATCH


@dataclass(frozen=True, slots=True)
class Move:
    """The rule of that id gets a number."""

    rule: str
    to: int


def batches(present: Mapping[str, int], goal: Mapping[str, int]) -> tuple[tuple[Move, ...], ...]:
    """Batches of at most ten moves that bring the rules to their ``goal`` numbers; the others keep theirs.

    ``present`` are all rules of the listener by id. Rules that shift in one direction never overtake each other on
    the way. A ring of more than ten swapping rules is opened through a free number.
    """
    numbers = dict(present)
    found: list[tuple[Move, ...]] = []
    batch: list[Move] = []
    while moving := _in_order(numbers, goal):
        group = _next(moving, numbers, goal)
        if len(batch) + len(group) > RULES_PER_BATCH:
            found.append(tuple(batch))
            batch = []
        batch += group
        numbers.update({move.rule: move.to for move in group})
    return (*found, tuple(batch)) if batch else tuple(found)


def _in_order(numbers: Mapping[str, int], goal: Mapping[str, int]) -> list[str]:
    """Rules that still move: those that go down from the lowest goal up, those that go up from the highest down."""
    down = sorted((rule for rule in goal if goal[rule] < numbers[rule]), key=lambda rule: goal[rule])
    up = sorted((rule for rule in goal if goal[rule] > numbers[rule]), key=lambda rule: -goal[rule])
    return down + up


def _next(moving: list[str], numbers: Mapping[str, int], goal: Mapping[str, int]) -> list[Move]:
    """The moves that come next and belong into one batch: one to a free number, else a ring of swapping rules."""
    holder = {number: rule for rule, number in numbers.items()}
    free = next((rule for rule in moving if goal[rule] not in holder), None)
    if free is not None:
        return [Move(free, goal[free])]
    ring = _ring(moving[0], holder, goal)
    if len(ring) <= RULES_PER_BATCH:
        return [Move(rule, goal[rule]) for rule in ring]
    taken = set(holder) | set(goal.values())
    return [Move(ring[0], next(number for number in range(MAX_PRIORITY, 0, -1) if number not in taken))]


def _ring(start: str, holder: Mapping[int, str], goal: Mapping[str, int]) -> list[str]:
    """The rules that wait for each other's numbers. No goal is free, so following the holders comes back."""
    path = [start]
    while (follower := holder[goal[path[-1]]]) not in path:
        path.append(follower)
    return path[path.index(follower) :]
