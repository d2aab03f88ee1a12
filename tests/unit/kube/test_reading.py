"""Answers of an API server as values."""

import json
from typing import Any

import msgspec
import pytest

from lattice_gateway.adapters.kube.api import KubeFailure
from lattice_gateway.adapters.kube.catalogue import Served
from lattice_gateway.adapters.kube.reading import Bookmark, Deleted, Put, alive, read_item, read_line, read_page
from lattice_gateway.core.objects import EndpointSlice
from tests.unit.kube.making import ROUTES, SLICES, Raw, broken, line, page, ref, route, seen

LONG_AGO = "2020-01-01T00:00:00Z"


def test_a_page_has_its_objects_and_the_way_to_the_next() -> None:
    found = read_page(page(route(), version=7, more="more"))

    assert (found.token, found.version, len(found.items)) == ("more", "7", 1)


def test_an_empty_list_is_no_objects() -> None:
    assert read_page(b'{"metadata": {"resourceVersion": "7"}, "items": null}').items == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("ADDED", Put, id="new"),
        pytest.param("MODIFIED", Put, id="changed"),
        pytest.param("DELETED", Deleted, id="gone"),
        pytest.param("BOOKMARK", Bookmark, id="bookmark"),
        pytest.param("SOMETHING", type(None), id="a word of the future"),
    ],
)
def test_a_line_says_what_happened(kind: str, expected: type) -> None:
    assert isinstance(read_line(line(kind, route())), expected)


def test_an_error_in_a_watch_is_a_failure() -> None:
    with pytest.raises(KubeFailure) as failure:
        read_line(line("ERROR", {"code": 410, "reason": "Expired", "message": "too old"}))

    assert failure.value.error.expired


@pytest.mark.parametrize("cut", [b"", b'{"type": "ADDED", "obj', b"[]"])
def test_an_answer_that_was_cut_off_is_a_failure(cut: bytes) -> None:
    with pytest.raises(KubeFailure, match="cannot be read"):
        read_line(cut)


def test_only_what_is_read_is_kept() -> None:
    raw = route(
        managedFields=[{"manager": "kubectl"}],
        annotations={"application-networking.k8s.aws/paused": "true", "example.org/colour": "green"},
        labels={"app": "shop"},
    )

    found = seen({**raw, "status": {"parents": []}})

    assert found.metadata.annotations == {"application-networking.k8s.aws/paused": "true"}
    assert found.metadata.labels == {"app": "shop"}
    assert json.loads(found.status) == {"parents": []}


def test_a_slice_keeps_its_service_and_the_addresses() -> None:
    endpoint = {"addresses": ["10.0.0.1"], "conditions": {"ready": True}, "nodeName": "n", "zone": "z"}
    raw = {
        "metadata": {"name": "s", "namespace": "default", "labels": {"kubernetes.io/service-name": "w", "x": "y"}},
        "addressType": "IPv4",
        "endpoints": [endpoint],
        "ports": [{"port": 80}],
    }

    thing = seen(raw, SLICES).thing

    assert isinstance(thing, EndpointSlice)
    assert (thing.service, thing.endpoints[0].addresses) == ("w", ("10.0.0.1",))
    assert thing.metadata.labels == {"kubernetes.io/service-name": "w"}


def test_an_older_version_of_a_kind_is_the_same_object() -> None:
    older = Served(kind=ROUTES.kind, group=ROUTES.group, version="v1beta1", plural="httproutes")

    assert seen(route(), older).thing == seen(route(), ROUTES).thing


def test_what_cannot_be_decoded_names_object_and_field() -> None:
    found = seen(broken())

    assert found.thing is None
    assert str(found.problem) == 'HTTPRoute default/one: spec.rules: found "none", expected a list of 1 to 16 items'
    assert found.metadata.uid == "uid-of-one"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"spec": None}, id="no spec"),
        pytest.param({"spec": 5}, id="a number for a spec"),
        pytest.param({"metadata": {"name": "one", "namespace": "default", "labels": {"a": 1}}}, id="odd labels"),
        pytest.param({"metadata": {"name": "one", "namespace": "default", "finalizers": "x"}}, id="odd finalizers"),
    ],
)
def test_no_object_raises(change: Raw) -> None:
    assert seen({**route(), **change}).ref == ref()


@pytest.mark.parametrize("item", [b"{}", b'{"metadata": {}}', b"5"])
def test_what_has_no_name_is_no_object(item: bytes) -> None:
    with pytest.raises(KubeFailure):
        read_item(msgspec.Raw(item), ROUTES)


def test_an_object_can_be_taken_as_if_nobody_had_deleted_it() -> None:
    leaving: dict[str, Any] = {"deletionTimestamp": LONG_AGO}

    assert seen(route(**leaving)).leaving
    assert alive(seen(route(**leaving))).thing == seen(route()).thing
    assert not alive(seen(broken(**leaving))).leaving
