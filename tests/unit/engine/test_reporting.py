"""What waits to be said is said before the process ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.report.unbuilt import UnbuiltStatus
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.feed import Problem, StateUnwritable
from lattice_gateway.engine.keeping import NoHerald
from lattice_gateway.engine.reporting import Reporter

ROUTES = [Ref(Kind.GRPC_ROUTE, "shop", name) for name in ("cart", "checkout")]
PROBLEM = Problem(file="", who="the API server", message="away")


@dataclass
class Paper:
    """A writer of statuses that has room for so many."""

    room: int = 10
    written: dict[Ref, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def previous(self, ref: Ref) -> Mapping[str, Any] | None:
        return self.written.get(ref)

    def write(self, ref: Ref, status: Mapping[str, Any]) -> bool:
        if len(self.written) == self.room:
            raise StateUnwritable("no space left")
        self.written[ref] = status
        return True

    def remove(self, ref: Ref) -> None:
        del self.written[ref]

    def write_problems(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems


def a_reporter(paper: Paper) -> Reporter:
    reporter = Reporter(paper, SystemClock(), NoHerald())
    reporter.problems((PROBLEM,))
    for ref in ROUTES:
        reporter.status(ref, UnbuiltStatus(()))
    return reporter


def test_all_that_waits_is_written_at_the_end() -> None:
    paper = Paper()
    reporter = a_reporter(paper)

    reporter.finish()

    assert (list(paper.written), paper.problems, reporter.empty) == (ROUTES, (PROBLEM,), True)


def test_what_cannot_be_written_keeps_nobody_from_ending() -> None:
    paper = Paper(room=1)
    reporter = a_reporter(paper)

    reporter.finish()

    assert (list(paper.written), reporter.empty) == (ROUTES[:1], False)
