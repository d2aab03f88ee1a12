"""Requests, kubeconfigs, and what becomes of errors."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure, Patch
from lattice_gateway.adapters.kube.client import Client, NotConfigured, read_config
from lattice_gateway.adapters.kube.connect import beside

CLUSTER = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
USER = {"name": "u", "user": {"token": "secret"}}
CONTEXTS = [
    {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "home"}},
    {"name": "nobody", "context": {"cluster": "c"}},
    {"name": "nowhere", "context": {"cluster": "d", "user": "u"}},
]
CONFIG = {"clusters": [CLUSTER], "users": [USER], "contexts": CONTEXTS, "current-context": "one"}


def a_client(answer: Callable[[httpx2.Request], httpx2.Response]) -> Client:
    return Client(httpx2.AsyncClient(base_url="http://server", transport=httpx2.MockTransport(answer)))


async def lines_of(client: Client) -> list[list[bytes]]:
    async with aclosing(client.watch("/list", {"resourceVersion": "5"}, 60.0)) as lines:
        return [together async for together in lines]


async def test_a_watch_stands_before_it_tells_and_lines_are_put_together() -> None:
    asked: list[httpx2.Request] = []

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"on", b"e\ntwo\nth", b"ree\nhalf"):
            yield piece

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content=pieces())

    assert await lines_of(a_client(answer)) == [[], [b"one", b"two"], [b"three"]]
    assert dict(asked[0].url.params) == {"resourceVersion": "5", "watch": "true", "timeoutSeconds": "60"}


async def test_a_refused_watch_is_a_failure() -> None:
    client = a_client(lambda _: httpx2.Response(410, json={"reason": "Expired", "message": "too old"}))

    with pytest.raises(KubeFailure) as failure:
        await lines_of(client)

    assert failure.value.error == KubeError(status=410, reason="Expired", message="too old")


@pytest.mark.parametrize("error", [httpx2.ConnectError("refused"), httpx2.ReadTimeout("slow"), OSError("odd")])
async def test_no_answer_is_a_failure_without_status(error: Exception) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(KubeFailure) as failure:
        await a_client(answer).get("/one", {})

    assert failure.value.error.status == 0
    assert type(error).__name__ in str(failure.value)


async def test_changes_say_what_kind_they_are() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content=b"{}")

    client = a_client(answer)
    await client.patch("/one", {"a": None}, Patch.MERGE)
    await client.create("/all", {"b": 1})

    assert [(each.method, each.headers["Content-Type"], each.content) for each in asked] == [
        ("PATCH", "application/merge-patch+json", b'{"a":null}'),
        ("POST", "application/json", b'{"b":1}'),
    ]


def written(folder: Path, content: Any) -> Path:
    path = folder / "config"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_context_is_chosen_by_name_or_is_the_current_one(tmp_path: Path) -> None:
    path = written(tmp_path, CONFIG)

    assert read_config(path, None).namespace == "home"
    assert read_config(path, "nobody").namespace == "default"
    assert read_config(path, "nobody").user is not None


@pytest.mark.parametrize(
    ("content", "context", "message"),
    [
        pytest.param(CONFIG, "two", "Context 'two' not found", id="a context that is not there"),
        pytest.param(CONFIG, "nowhere", "is no kubeconfig: KeyError 'd'", id="a cluster that is not there"),
        pytest.param({**CONFIG, "current-context": None}, None, "No current context", id="no current context"),
        pytest.param({"clusters": []}, None, "is no kubeconfig: KeyError 'contexts'", id="half of it"),
        pytest.param("[1, 2", None, "is no kubeconfig: ParserError", id="no YAML"),
        pytest.param("5", None, "is no kubeconfig: ", id="a number"),
        pytest.param({**CONFIG, "clusters": [{"name": "c", "cluster": {"server": 5}}]}, None, "server", id="odd types"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path, content: Any, context: str | None, message: str
) -> None:
    with pytest.raises(NotConfigured, match=message):
        read_config(written(tmp_path, content), context)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"Configuration file .*missing not found"):
        read_config(tmp_path / "missing", None)


async def test_what_a_block_raises_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with beside(asyncio.sleep(60)):
            raise KeyError("x")


async def test_a_bug_in_the_background_ends_the_block() -> None:
    async def bug() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        async with beside(bug()):
            await asyncio.sleep(60)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_block_that_is_cancelled_stays_cancelled() -> None:
    async def block() -> None:
        async with beside(asyncio.sleep(60)):
            await asyncio.sleep(60)

    task = asyncio.create_task(block())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
