"""Which kinds a server has, and in which version they are read."""

from dataclasses import replace

import pytest

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure
from lattice_gateway.adapters.kube.catalogue import (
    BUILT_IN,
    DEFINITIONS,
    Resource,
    ResourceList,
    Served,
    catalogue,
    missing,
    with_births,
)
from lattice_gateway.core.objects import GATEWAY_API, Kind, Ref
from tests.unit.kube.making import AWAY, CLASSES, EXPORTS, FORBIDDEN, GRANTS, ROUTES, Script, births

VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")


def a_list(version: str, *resources: Resource) -> ResourceList:
    return ResourceList(f"{GATEWAY_API}/{version}", resources)


def routes(*verbs: str) -> Resource:
    return Resource("httproutes", "HTTPRoute", verbs or VERBS)


def test_the_preferred_version_is_taken_whatever_the_order() -> None:
    lists = [a_list("v1beta1", routes()), a_list("v1", routes())]

    found = catalogue(lists)

    assert found[Kind.HTTP_ROUTE].version == "v1"
    assert catalogue(reversed(lists)) == found


def test_an_older_version_is_taken_where_there_is_no_other() -> None:
    assert catalogue([a_list("v1beta1", routes())])[Kind.HTTP_ROUTE].api_version == f"{GATEWAY_API}/v1beta1"


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(Resource("tcproutes", "TCPRoute", VERBS), id="not ours"),
        pytest.param(Resource("httproutes/status", "HTTPRoute", VERBS), id="a subresource"),
        pytest.param(routes("create", "get"), id="cannot be watched"),
    ],
)
def test_what_cannot_be_read_is_not_there(resource: Resource) -> None:
    assert catalogue([a_list("v1", resource)]) == BUILT_IN


def test_a_version_that_nobody_knows_is_not_read() -> None:
    assert catalogue([a_list("v2", routes())]) == BUILT_IN


def test_a_status_subresource_is_noticed() -> None:
    with_status = a_list("v1", routes(), Resource("httproutes/status", "HTTPRoute", ("get", "patch")))

    assert catalogue([with_status])[Kind.HTTP_ROUTE].has_status
    assert not catalogue([a_list("v1", routes())])[Kind.HTTP_ROUTE].has_status


def test_a_kind_that_takes_no_new_objects_is_leaving() -> None:
    assert catalogue([a_list("v1", routes("delete", "get", "list", "watch"))])[Kind.HTTP_ROUTE].leaving


def test_missing_kinds_are_named_in_order() -> None:
    assert missing(catalogue([a_list("v1", routes())])) == (Kind.GATEWAY_CLASS, Kind.GATEWAY)


@pytest.mark.parametrize(
    ("served", "ref", "path"),
    [
        pytest.param(
            ROUTES,
            Ref(Kind.HTTP_ROUTE, "shop", "one"),
            f"/apis/{GATEWAY_API}/v1/namespaces/shop/httproutes/one",
            id="in a namespace",
        ),
        pytest.param(
            CLASSES,
            Ref(Kind.GATEWAY_CLASS, "", "ours"),
            f"/apis/{GATEWAY_API}/v1/gatewayclasses/ours",
            id="of a cluster",
        ),
        pytest.param(
            BUILT_IN[Kind.SERVICE],
            Ref(Kind.SERVICE, "shop", "web"),
            "/api/v1/namespaces/shop/services/web",
            id="of the core",
        ),
    ],
)
def test_paths_are_those_of_the_api(served: Served, ref: Ref, path: str) -> None:
    assert served.path(ref) == path


def test_a_kind_knows_its_definition() -> None:
    assert EXPORTS.definition == "serviceexports.application-networking.k8s.aws"


BORN = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("answer", "born"),
    [
        pytest.param(births(BORN, ROUTES), BORN, id="told"),
        pytest.param(births(BORN, GRANTS), "", id="of another kind"),
        pytest.param(FORBIDDEN, "", id="the role does not allow it"),
        pytest.param(KubeError(status=406, reason="NotAcceptable", message="no tables"), "", id="no tables"),
        pytest.param(b'{"kind": "CustomResourceDefinitionList", "items": []}', "", id="a list instead of a table"),
        pytest.param(b'{"columnDefinitions": [{"name": "Name"}], "rows": []}', "", id="without the column"),
    ],
)
async def test_when_a_definition_was_created_is_known_where_it_is_told(answer: bytes | KubeError, born: str) -> None:
    script = Script()
    script.answers = {f"TABLE {DEFINITIONS}": [answer]}

    found = await with_births(script, {Kind.HTTP_ROUTE: ROUTES})

    assert found == {Kind.HTTP_ROUTE: replace(ROUTES, born=born)}


async def test_a_server_that_does_not_answer_is_asked_again() -> None:
    script = Script()
    script.answers = {f"TABLE {DEFINITIONS}": [AWAY]}

    with pytest.raises(KubeFailure):
        await with_births(script, {Kind.HTTP_ROUTE: ROUTES})
