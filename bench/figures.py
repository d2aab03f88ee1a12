"""Figures with what they are measured against, as a table and as JSON."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number; ``goal`` is the most it should be, None where there is no goal. ``bound`` says why."""

    name: str
    measured: float
    unit: str
    goal: float | None
    bound: str

    @property
    def reached(self) -> bool:
        """Whether the goal is met; True where there is none."""
        return self.goal is None or self.measured <= self.goal


def table(figures: list[Figure]) -> str:
    """A Markdown table, one row a figure."""
    lines = ["| Figure | Measured | Goal | Bound |", "| --- | --- | --- | --- |"]
    for one in figures:
        goal = "" if one.goal is None else f"≤ {one.goal:g} {one.unit}".rstrip()
        mark = "" if one.reached else " ✗"
        lines.append(f"| {one.name} | {_number(one.measured)} {one.unit}{mark} | {goal} | {one.bound} |")
    return "\n".join(lines)


def write_json(figures: list[Figure], path: Path) -> None:
    """The same as JSON: a list of objects."""
    path.write_text(json.dumps([{**asdict(one), "reached": one.reached} for one in figures], indent=2) + "\n")


def percentile(values: list[float], part: float) -> float:
    """The value that ``part`` (0 to 1) of the values do not exceed; raises ``ValueError`` without values."""
    if not values:
        raise ValueError("no values to take a percentile of")
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
