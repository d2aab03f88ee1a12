"""What the engine relies on from every source of objects.

A stage puts manifests in front of a source; the suite is the same for each kind of source. A module that imports the
tests from here gives them their ``stage``, and a ``lenient`` one that takes objects nobody can read.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Protocol

import pytest
import yaml

from lattice_gateway.core.objects import Kind, Object, Ref, decode
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.ports import Source
from tests.unit.files.making import route, service

PATIENCE = 20
"""Seconds that a source may take to tell something."""


SPARSE_ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: sparse}
spec:
  parentRefs: [{name: hotel}]
  rules:
    - matches: [{headers: [{name: colour, value: green}]}, {path: {value: /a}, queryParams: [{name: q, value: r}]}]
      filters: [{type: RequestRedirect, requestRedirect: {hostname: example.org}}]
    - backendRefs: [{name: rooms, port: 80}]
"""

SPARSE_GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: sparse}
spec:
  gatewayClassName: amazon-vpc-lattice
  listeners:
    - {name: http, protocol: HTTP, port: 80}
    - {name: https, protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: unused}]}}
"""
"""Manifests with as much as possible left to the API's defaults."""


class Stage(Protocol):
    """The side of a source that the world sees."""

    source: Source
    namespace: str
    """Where its objects live, whatever the manifests say."""

    def put(self, name: str, manifest: str) -> None:
        """An object appears or changes."""

    def remove(self, name: str) -> None:
        """An object is taken away for good."""


class Telling:
    """The batches of a source, about the objects of one namespace."""

    def __init__(self, batches: AsyncIterator[Batch], namespace: str) -> None:
        self._batches = batches
        self._namespace = namespace

    async def until(self, ref: Ref) -> Batch:
        """The next batch that says something of ``ref``."""
        async with asyncio.timeout(PATIENCE):
            async for batch in self._batches:
                if ref in batch.gone or any(each.ref == ref for each in (*batch.puts, *batch.undecodable)):
                    return batch
        raise AssertionError("the source ended")

    async def until_problem(self, ref: Ref) -> Batch:
        """The next batch that has a problem of ``ref``."""
        async with asyncio.timeout(PATIENCE):
            async for batch in self._batches:
                if ref in [problem.ref for problem in batch.problems]:
                    return batch
        raise AssertionError("the source ended")

    def only(self, batch: Batch) -> Object:
        (thing,) = self.mine(batch)
        return thing

    def mine(self, batch: Batch) -> list[Object]:
        return [thing for thing in batch.puts if thing.metadata.namespace == self._namespace]

    def gone(self, batch: Batch) -> list[Ref]:
        return [ref for ref in batch.gone if ref.namespace == self._namespace]

    def undecodable(self, batch: Batch) -> list[Ref]:
        return [each.ref for each in batch.undecodable if each.ref.namespace == self._namespace]

    def problems(self, batch: Batch) -> list[Ref]:
        refs = [problem.ref for problem in batch.problems if problem.ref is not None]
        return [ref for ref in refs if ref.namespace == self._namespace]


@asynccontextmanager
async def telling(stage: Stage) -> AsyncIterator[Telling]:
    """A reader of a stage's source, which is closed in the end."""
    batches: Any = stage.source.changes()
    async with aclosing(batches):
        yield Telling(batches, stage.namespace)


def named(stage: Stage, name: str) -> Ref:
    return Ref(Kind.HTTP_ROUTE, stage.namespace, name)


async def test_what_is_there_at_the_start_is_told_and_complete(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", service("rooms"))

    async with telling(stage) as told:
        batch = await told.until(named(stage, "one"))

        assert {thing.ref for thing in told.mine(batch)} == {
            named(stage, "one"),
            Ref(Kind.SERVICE, stage.namespace, "rooms"),
        }
        assert batch.complete


async def test_an_object_has_a_time_of_creation_and_a_generation(stage: Stage) -> None:
    stage.put("a", route("one"))

    async with telling(stage) as told:
        metadata = told.only(await told.until(named(stage, "one"))).metadata

    assert metadata.generation == 1
    assert metadata.creation_timestamp is not None


async def test_a_changed_object_is_told_alone_with_a_higher_generation(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", service("rooms"))
    async with telling(stage) as told:
        await told.until(named(stage, "one"))

        stage.put("a", route("one", 90))

        assert told.only(await told.until(named(stage, "one"))).metadata.generation == 2


async def test_a_removed_object_is_told_as_gone(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", service("rooms"))
    async with telling(stage) as told:
        await told.until(named(stage, "one"))

        stage.remove("a")

        assert told.gone(await told.until(named(stage, "one"))) == [named(stage, "one")]


@pytest.mark.parametrize(
    "manifest", [pytest.param(SPARSE_ROUTE, id="route"), pytest.param(SPARSE_GATEWAY, id="gateway")]
)
async def test_the_same_manifest_is_the_same_object_with_its_defaults(stage: Stage, manifest: str) -> None:
    expected: Any = decode(yaml.safe_load(manifest))
    stage.put("a", manifest)

    async with telling(stage) as told:
        found: Any = told.only(await told.until(Ref(expected.KIND, stage.namespace, "sparse")))

    assert found.spec == expected.spec


async def test_an_object_that_cannot_be_read_hides_no_other(lenient: Stage) -> None:
    lenient.put("a", route("one", -1))
    lenient.put("b", route("two"))

    async with telling(lenient) as told:
        batch = await told.until(named(lenient, "one"))

        assert told.undecodable(batch) == [named(lenient, "one")]
        assert told.only(batch).ref.name == "two"
        assert told.problems(batch) == [named(lenient, "one")]


async def test_an_object_that_becomes_unreadable_is_not_gone(lenient: Stage) -> None:
    lenient.put("a", route("one"))
    lenient.put("b", route("two"))
    async with telling(lenient) as told:
        await told.until(named(lenient, "one"))

        lenient.put("a", route("one", -1))
        later = await told.until_problem(named(lenient, "one"))

        assert told.gone(later) == []
        assert told.undecodable(later) == []
