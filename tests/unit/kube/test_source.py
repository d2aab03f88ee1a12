"""The source as a whole, in virtual time against a scripted server: kinds, followers, and the end of it all."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from random import Random
from typing import Any

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.catalogue import DEFINITIONS
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.source import ClusterSource
from lattice_gateway.core.objects import GATEWAY_API, LATTICE_API, Kind, Ref
from lattice_gateway.engine.feed import Batch
from tests.laws.engine_stage import LoopClock, play
from tests.unit.kube.making import ABSENT, ALL, AWAY, ROUTES, Script, births, page, ref, route

GROUP = f"GET /apis/{GATEWAY_API}"
VERBS = ["create", "delete", "get", "list", "patch", "watch"]


def kinds(*missing: Kind, verbs: tuple[str, ...] = tuple(VERBS)) -> bytes:
    """The server's list of the Gateway API's kinds."""
    listed = [
        {"name": served.plural, "kind": str(kind), "verbs": list(verbs) if kind is Kind.HTTP_ROUTE else VERBS}
        for kind, served in ALL.items()
        if served.group == GATEWAY_API and kind not in missing
    ]
    return json.dumps({"groupVersion": f"{GATEWAY_API}/v1", "resources": listed}).encode()


def a_server() -> Script:
    """A server with the required kinds and one route; its watches are silent."""
    script = Script()
    script.answers = {
        GROUP: [json.dumps({"versions": [{"version": "v1"}, {"version": "v9"}]}).encode()],
        f"{GROUP}/v1": [kinds()],
        f"GET /apis/{LATTICE_API}": [ABSENT],
        **{f"GET {served.collection}": [page()] for served in ALL.values()},
        f"GET {ROUTES.collection}": [page(route())],
    }
    return script


def read(script: Script, seconds: float, scene: Callable[[], Awaitable[None]] | None = None) -> list[Batch]:
    """Everything that a source tells in so many seconds; it leaves no task behind."""
    batches: list[Batch] = []

    async def whole() -> None:
        source: Any = ClusterSource(script, Known(), LoopClock(), Random(1)).changes()
        async with aclosing(source):
            reading = asyncio.create_task(_read(source, batches))
            if scene is not None:
                await scene()
            await asyncio.sleep(seconds)
            reading.cancel()
            await asyncio.wait([reading])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    play(whole)
    return batches


async def _read(source: AsyncIterator[Batch], batches: list[Batch]) -> None:
    async for batch in source:
        batches.append(batch)  # noqa: PERF401 - it never ends


def refs(batch: Batch) -> list[Ref]:
    return [thing.ref for thing in batch.puts]


def test_the_first_batch_tells_everything() -> None:
    (batch,) = read(a_server(), 10.0)

    assert batch.complete
    assert refs(batch) == [ref()]
    assert batch.problems == ()


def test_a_server_that_is_away_at_the_start_is_said_and_waited_for() -> None:
    script = a_server()
    whole = script.answers[GROUP]
    script.answers[GROUP] = [AWAY, AWAY, *whole]

    first, *_, last = read(script, 20.0)

    assert (first.complete, len(first.problems)) == (False, 1)
    assert "its kinds cannot be read: no answer" in str(first.problems[0])
    assert (last.complete, last.problems, refs(last)) == (True, (), [ref()])


def test_an_answer_that_is_no_servers_is_said_and_waited_out() -> None:
    script = a_server()
    good = script.answers[f"{GROUP}/v1"]
    script.answers[f"{GROUP}/v1"] = [b"<html>Log in to the proxy</html>", *good]

    first, *_, last = read(script, 30.0)

    assert any("cannot be read" in str(problem) for problem in first.problems)
    assert last.complete


def test_a_required_kind_that_comes_later_is_waited_for() -> None:
    script = a_server()
    script.answers[f"{GROUP}/v1"] = [kinds(Kind.HTTP_ROUTE), kinds()]

    first, *between, last = read(script, 20.0)

    assert "not installed: HTTPRoute" in str(first.problems[0])
    assert between == [Batch()], "the kind is there, its objects are not read yet"
    assert (last.complete, refs(last)) == (True, [ref()])


def test_a_kind_that_is_missed_once_is_not_gone() -> None:
    script = a_server()
    script.answers[f"{GROUP}/v1"] = [kinds(), kinds(Kind.HTTP_ROUTE), kinds()]

    (batch,) = read(script, 100.0)

    assert batch.complete


def test_a_kind_that_is_gone_is_followed_no_more_and_its_objects_stay() -> None:
    script = a_server()
    script.answers[f"{GROUP}/v1"] = [kinds(), kinds(Kind.HTTP_ROUTE)]

    batches = read(script, 3600.0)
    asked = [path for _, path, _ in script.asked if path == ROUTES.collection]

    assert all(batch.gone == () for batch in batches)
    assert "the kind is no longer installed" in str(batches[-1].problems)
    assert len(asked) < 20


def test_a_route_that_vanished_is_gone_after_the_server_was_asked_for_its_kind() -> None:
    script = a_server()
    script.answers[f"GET {ROUTES.collection}"] = [page(route()), page()]
    expired = KubeError(status=410, reason="Expired", message="too old")
    script.watches = [[expired] for _ in ALL]

    first, last = read(script, 10.0)

    assert refs(first) == [ref()]
    assert last.gone == (ref(),)


def test_a_route_that_vanished_with_its_kind_is_not_gone() -> None:
    script = a_server()
    script.answers[f"GET {ROUTES.collection}"] = [page(route()), page()]
    script.answers[f"{GROUP}/v1"] = [kinds(), kinds(verbs=("delete", "get", "list", "watch"))]
    expired = KubeError(status=410, reason="Expired", message="too old")
    script.watches = [[expired] for _ in ALL]

    batches = read(script, 60.0)

    assert all(batch.gone == () for batch in batches)
    assert "the kind is being deleted" in str(batches[-1].problems)


def test_a_kind_that_is_deleted_and_created_again_at_once_takes_no_object_with_it_and_is_followed() -> None:
    script = a_server()
    table = f"TABLE {DEFINITIONS}"
    script.answers[table] = [births("2026-01-01T00:00:00Z", ROUTES)]

    async def replaced() -> None:
        await asyncio.sleep(5)
        script.answers[table] = [births("2026-02-01T00:00:00Z", ROUTES)]
        script.answers[f"GET {ROUTES.collection}"] = [page(route("two"))]
        await asyncio.sleep(100)

    batches = read(script, 600.0, replaced)

    assert [ref for batch in batches for ref in batch.gone] == []
    assert ref("two") in {each for batch in batches for each in refs(batch)}
