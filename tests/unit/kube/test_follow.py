"""The loop around the watcher's state machine, in virtual time against a scripted server."""

import asyncio
from random import Random

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.catalogue import Served
from lattice_gateway.adapters.kube.follow import Follower
from lattice_gateway.adapters.kube.reading import Seen
from tests.laws.engine_stage import LoopClock, play
from tests.unit.kube.making import AWAY, EXPIRED, FORBIDDEN, ROUTES, Script, line, page, route

LIST = f"GET {ROUTES.collection}"


class Notes:
    """A ``Listener`` that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.troubles: list[KubeError] = []

    def begins(self, served: Served) -> None:
        assert served is ROUTES
        self.told.append("begins")

    def seen(self, served: Served, seen: Seen) -> None:
        assert served is ROUTES
        self.told.append(f"{seen.ref.name} {seen.version}")

    def deleted(self, served: Served, seen: Seen) -> None:
        assert served is ROUTES
        self.told.append(f"no {seen.ref.name}")

    def listed(self, served: Served) -> None:
        assert served is ROUTES
        self.told.append("listed")

    def trouble(self, served: Served, error: KubeError | None) -> None:
        assert served is ROUTES
        if error is not None:
            self.troubles.append(error)


def follow(script: Script, seconds: float = 60.0) -> Notes:
    """Follow a kind for so long."""
    notes = Notes()

    async def scene() -> None:
        task = asyncio.create_task(Follower(ROUTES, script, notes, LoopClock(), Random(1)).run())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait([task])

    play(scene)
    return notes


def queries(script: Script, method: str) -> list[str]:
    """The version or page that each request asked for."""
    return [query.get("resourceVersion") or query.get("continue", "") for _, query in script.requests(method)]


def test_pages_are_read_one_after_the_other_and_then_watched() -> None:
    script = Script()
    script.answers[LIST] = [page(route("a"), more="next"), page(route("b"), version=12)]

    notes = follow(script, 0.1)

    assert notes.told == ["begins", "a 1", "b 1", "listed"]
    assert queries(script, "GET") == ["", "next"]
    assert queries(script, "WATCH") == ["12"]


def test_a_watch_goes_on_where_the_last_one_ended() -> None:
    script = Script()
    script.answers[LIST] = [page(version=10)]
    script.watches = [
        [[line("ADDED", route("a", 11)), line("DELETED", route("a", 12))]],
        [[line("BOOKMARK", {"metadata": {"resourceVersion": "20"}})], AWAY],
        [],
    ]

    notes = follow(script, 2.0)

    assert notes.told[2:] == ["a 11", "no a"]
    assert queries(script, "WATCH")[:3] == ["10", "12", "20"]
    assert queries(script, "GET") == [""]


def test_history_that_is_gone_is_listed_anew() -> None:
    script = Script()
    script.answers[LIST] = [page(route("a"), version=10), page(route("b"), version=30)]
    script.watches = [[[line("ERROR", {"code": 410, "reason": "Expired", "message": "too old"})]]]

    notes = follow(script, 1.0)

    assert notes.told == ["begins", "a 1", "listed", "begins", "b 1", "listed"]
    assert notes.troubles == []


def test_pages_that_expired_begin_anew() -> None:
    script = Script()
    script.answers[LIST] = [page(route("a"), more="next"), EXPIRED, page(route("a", 2), version=30)]

    notes = follow(script, 1.0)

    assert notes.told == ["begins", "a 1", "begins", "a 2", "listed"]
    assert queries(script, "GET") == ["", "next", ""]


def test_a_server_that_refuses_is_not_stormed() -> None:
    script = Script()
    script.answers[LIST] = [FORBIDDEN]

    notes = follow(script, 120.0)

    assert notes.troubles[0] == FORBIDDEN
    assert len(script.asked) < 25


def test_a_watch_that_ends_at_once_again_and_again_is_not_stormed() -> None:
    script = Script()
    script.answers[LIST] = [page(version=10)]

    follow(script, 120.0)

    assert len(script.asked) < 25


def test_an_answer_that_was_cut_off_is_asked_for_again() -> None:
    script = Script()
    script.answers[LIST] = [b'{"metadata": {}, "items": [{', page(route("a"), version=30)]

    notes = follow(script, 1.0)

    assert notes.told == ["begins", "a 1", "listed"]


def test_other_tasks_go_on_while_a_large_page_is_read() -> None:
    script = Script()
    script.answers[LIST] = [page(*(route(f"route-{number}") for number in range(300)), version=30)]
    turns = 0

    async def scene() -> None:
        nonlocal turns
        notes = Notes()
        task = asyncio.create_task(Follower(ROUTES, script, notes, LoopClock(), Random(1)).run())
        while "listed" not in notes.told:
            turns += 1
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    play(scene)

    assert turns >= 300 / 25
