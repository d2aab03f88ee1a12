"""What followers tell of their kinds, made into batches: without I/O, so that every order of events can be tried.

Absence needs proof: an object is gone only when its kind is not, and nothing is complete before every installed kind
was listed once.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from msgspec import structs

from lattice_gateway.adapters.kube import complaints
from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.catalogue import Catalogue, Served, missing
from lattice_gateway.adapters.kube.departures import GRACE, Departure, Departures
from lattice_gateway.adapters.kube.inheritance import inheritance_of
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.reading import Seen, alive
from lattice_gateway.core.objects import Kind, Object, Ref
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.translate.inputs import MAY_BE_FORBIDDEN, Inheritance
from lattice_gateway.engine.feed import Batch, Problem, Undecodable
from lattice_gateway.engine.ports import Clock


@dataclass(slots=True)
class _Course:
    """How far one kind has come.

    ``listing`` are the objects of a listing that is not over. ``ghosts`` vanished with their kind. ``leaving``: the
    kind is being deleted, so that no deletion of an object counts.
    """

    listing: set[Ref] = field(default_factory=set)
    listed: bool = False
    leaving: bool = False
    ghosts: set[Ref] = field(default_factory=set)
    trouble: KubeError | None = None
    departures: Departures = field(default_factory=Departures)


class Intake:
    """Keeps ``Known`` up to date and collects what changed. Implements ``Listener``."""

    def __init__(self, known: Known, clock: Clock) -> None:
        self._known = known
        self._clock = clock
        self._courses: dict[Kind, _Course] = {kind: _Course() for kind in Kind}
        self._catalogue: Catalogue | None = None
        self._undiscovered: KubeError | None = None
        self._pile: dict[Ref, Object | Undecodable | None] = {}
        self._inherited: dict[Ref, Inheritance] = {}
        self._switches: dict[Ref, Inheritance | None] = {}
        self._problems: dict[Ref, Problem] = {}
        self._told: tuple[Problem, ...] = ()
        self._complete = False
        self.news = asyncio.Event()
        self.doubts = asyncio.Event()
        self.missed = asyncio.Event()

    @property
    def forbidden(self) -> frozenset[Kind]:
        """Installed kinds that the role cannot read."""
        return frozenset(kind for kind, course in self._courses.items() if course.trouble and course.trouble.forbidden)

    def batch(self) -> Batch | None:
        """What changed since the last batch; None where nothing did. Objects wait until the reading is complete."""
        self.news.clear()
        was, self._complete = self._complete, self._complete or self._all_listed()
        problems = tuple(self._all_problems())
        if problems == self._told and was == self._complete and not (self._complete and (self._pile or self._switches)):
            return None
        self._told = problems
        if not self._complete:
            return Batch(problems=problems)
        pile, self._pile = self._pile, {}
        switches, self._switches = self._switches, {}
        return Batch(
            puts=tuple(each for each in pile.values() if each is not None and not isinstance(each, Undecodable)),
            gone=tuple(ref for ref, each in pile.items() if each is None),
            undecodable=tuple(each for each in pile.values() if isinstance(each, Undecodable)),
            problems=problems,
            complete=True,
            forbidden=frozenset(kind for kind in self.forbidden if not self._courses[kind].listed),
            inherited=switches,
        )

    def installed(self, catalogue: Catalogue) -> None:
        """The server has these kinds."""
        for kind, course in self._courses.items():
            served, before = catalogue.get(kind), (self._catalogue or {}).get(kind)
            course.leaving = served is not None and served.leaving
            if before is not None and (served is None or served.replaces(before)):
                self._courses[kind] = _Course(ghosts=course.ghosts | self._known.of(kind).keys())
        self._catalogue, self._undiscovered = catalogue, None
        self._known.installed(catalogue)
        self.news.set()

    def undiscovered(self, error: KubeError) -> None:
        """The server does not say which kinds it has."""
        self._undiscovered = error
        self.news.set()

    def begins(self, served: Served) -> None:
        """Everything is listed anew from here."""
        self._courses[served.kind].listing = set()

    def seen(self, served: Served, seen: Seen) -> None:
        """An object as it is now; the beginning of its deletion is believed later, if the kind may leave."""
        course = self._courses[served.kind]
        course.listing.add(seen.ref)
        course.ghosts.discard(seen.ref)
        before = self._known.get(seen.ref)
        if course.leaving:
            seen = alive(seen)
        elif _is_doubtful(served, before, seen):
            self._doubt(course, seen.ref, seen)
            seen = alive(seen)
        else:
            course.departures.withdraw(seen.ref)
        self._accept(before, seen)

    def deleted(self, served: Served, seen: Seen) -> None:
        """An object is gone, if its kind is not."""
        self._missing(served, seen.ref)

    def listed(self, served: Served) -> None:
        """Whatever is known and was not listed is gone, if its kind never was."""
        course = self._courses[served.kind]
        for ref in [ref for ref in self._known.of(served.kind) if ref not in course.listing]:
            if ref not in course.ghosts:
                self._missing(served, ref)
        course.listing, course.listed = set(), True
        self.news.set()

    def trouble(self, served: Served, error: KubeError | None) -> None:
        """The server cannot be asked for a kind; None: it can again."""
        course = self._courses[served.kind]
        if error is not None and error.absent:
            self.missed.set()
        elif course.trouble != error:
            course.trouble = error
            self.news.set()

    def doubted(self) -> tuple[Served, ...]:
        """Kinds of which deletions wait to be believed."""
        catalogue = self._catalogue or {}
        return tuple(served for kind, served in catalogue.items() if len(self._courses[kind].departures))

    def next_doubt(self) -> float | None:
        """When the oldest of these deletions can be believed; None where none waits."""
        dues = [due for served in self.doubted() if (due := self._courses[served.kind].departures.due()) is not None]
        return min(dues) + GRACE if dues else None

    def looked(self, served: Served, now: Served | None, asked: float) -> None:
        """The server was asked at ``asked`` whether it still has a kind, and answered ``now``."""
        course = self._courses[served.kind]
        if now is None or now.leaving or now.replaces(served):
            course.leaving = True
            course.departures.forget()
            self.missed.set()
            self.news.set()
            return
        for ref, departure in course.departures.believed(asked).items():
            if departure.seen is None:
                self._gone(ref)
            else:
                self._accept(self._known.get(ref), departure.seen)

    def _missing(self, served: Served, ref: Ref) -> None:
        course = self._courses[served.kind]
        if served.built_in:
            self._gone(ref)
        elif not course.leaving:
            self._doubt(course, ref, None)

    def _doubt(self, course: _Course, ref: Ref, seen: Seen | None) -> None:
        course.departures.note(ref, Departure(self._clock.now(), seen))
        self.doubts.set()

    def _accept(self, before: Seen | None, seen: Seen) -> None:
        """Take in a form of an object; what it last said stays in force while it cannot be read."""
        last = before.thing if before else None
        if seen.thing is None and last is not None:
            seen = replace(seen, thing=structs.replace(last, metadata=seen.metadata) if seen.leaving else last)
        elif last is not None and last == seen.thing:
            seen = replace(seen, thing=last, metadata=last.metadata)
        self._note_problem(seen)
        self._note_switch(seen)
        if seen.thing is None and seen.problem is not None:
            if before is None or (before.problem, before.leaving) != (seen.problem, seen.leaving):
                self._put(seen.ref, Undecodable(seen.ref, seen.problem, _only_held(seen)))
        elif seen.thing is not last:
            self._put(seen.ref, seen.thing)
        if before is None or before.version != seen.version or before.leaving != seen.leaving:
            self._known.put(seen)

    def _gone(self, ref: Ref) -> None:
        if self._problems.pop(ref, None):
            self.news.set()
        self._inherited.pop(ref, None)
        self._switches.pop(ref, None)
        if self._known.get(ref) is not None:
            self._known.drop(ref)
            self._put(ref, None)

    def _put(self, ref: Ref, what: Object | Undecodable | None) -> None:
        self._pile[ref] = what
        self.news.set()

    def _note_problem(self, seen: Seen) -> None:
        if self._problems.get(seen.ref) == seen.problem:
            return
        if seen.problem is None:
            del self._problems[seen.ref]
        else:
            self._problems[seen.ref] = seen.problem
        self.news.set()

    def _note_switch(self, seen: Seen) -> None:
        """What the object tells of the switch may change with its status alone."""
        found = inheritance_of(seen)
        if found == self._inherited.get(seen.ref):
            return
        if found is None:
            del self._inherited[seen.ref]
        else:
            self._inherited[seen.ref] = found
        self._switches[seen.ref] = found
        self.news.set()

    def _all_listed(self) -> bool:
        if self._catalogue is None or missing(self._catalogue):
            return False
        return all(self._is_told(kind, self._courses[kind]) for kind in self._catalogue)

    def _is_told(self, kind: Kind, course: _Course) -> bool:
        forbidden = course.trouble is not None and course.trouble.forbidden
        return course.listed or (kind in MAY_BE_FORBIDDEN and forbidden)

    def _all_problems(self) -> Iterator[Problem]:
        if self._undiscovered is not None:
            yield complaints.not_asked(self._undiscovered)
        if self._catalogue is not None:
            if absent := missing(self._catalogue):
                yield complaints.not_installed(absent)
            yield from self._silence()
            for kind, course in self._courses.items():
                yield from self._kind_problems(kind, course, self._catalogue.get(kind))
        yield from (problem for _, problem in sorted(self._problems.items()))

    def _silence(self) -> Iterator[Problem]:
        """A server that does not answer is one problem, not one of each kind."""
        silent = {kind: course.trouble for kind, course in self._courses.items() if course.trouble}
        silent = {kind: error for kind, error in silent.items() if not error.status}
        if silent:
            yield complaints.not_answered(silent, next(iter(silent.values())))

    def _kind_problems(self, kind: Kind, course: _Course, served: Served | None) -> Iterator[Problem]:
        known = len(self._known.of(kind))
        if served is None:
            if known:
                yield complaints.vanished(kind, known)
            return
        if course.leaving:
            yield complaints.being_deleted(served, known)
        if course.trouble is not None and course.trouble.status:
            yield complaints.not_readable(served, course.trouble)
        if course.ghosts and course.listed:
            yield complaints.lost(kind, course.ghosts)


def _only_held(seen: Seen) -> bool:
    """Whether our finalizer keeps an object that is being deleted."""
    return seen.leaving and FINALIZERS.get(seen.ref.kind) in seen.metadata.finalizers


def _is_doubtful(served: Served, before: Seen | None, seen: Seen) -> bool:
    """Whether a deletion has just begun that may be that of the whole kind."""
    return seen.leaving and not served.built_in and before is not None and not before.leaving
