"""Manifests become objects with the API server's defaults, or an error that names the field."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.objects import (
    Complaint,
    DecodeError,
    EndpointConditions,
    EndpointSlice,
    FromNamespaces,
    Gateway,
    HTTPRoute,
    HTTPRouteMatch,
    IpFamily,
    Kind,
    Namespace,
    NotOurs,
    PathMatch,
    PathType,
    Ref,
    Service,
    TlsMode,
    TransportProtocol,
    ValueType,
    decode,
    implied_namespace,
    to_raw,
)

GATEWAY_API = "gateway.networking.k8s.io/v1"
HOSTNAME = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
LATTICE_API = "application-networking.k8s.aws/v1alpha1"


def manifest(kind: str, spec: dict[str, Any] | None = None, version: str = GATEWAY_API, **top: Any) -> dict[str, Any]:
    body = {} if spec is None else {"spec": spec}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "thing"}, **body, **top}


def route(**rule: Any) -> dict[str, Any]:
    return manifest("HTTPRoute", {"parentRefs": [{"name": "hotel"}], "rules": [rule]})


def gateway(**listener: Any) -> dict[str, Any]:
    listener = {"name": "web", "port": 80, "protocol": "HTTP", **listener}
    return manifest("Gateway", {"gatewayClassName": "lattice", "listeners": [listener]})


def service(**spec: Any) -> dict[str, Any]:
    return manifest("Service", spec, "v1")


def endpoints(**members: Any) -> dict[str, Any]:
    return manifest("EndpointSlice", None, "discovery.k8s.io/v1", **{"addressType": "IPv4", **members})


def complaint(raw: object) -> Complaint:
    error = decode(raw)
    assert isinstance(error, DecodeError), error
    return error.complaint


def test_a_route_gets_the_defaults_of_the_api_server() -> None:
    thing = decode(route(backendRefs=[{"name": "a", "port": 80}]))

    assert isinstance(thing, HTTPRoute)
    (parent,) = thing.spec.parent_refs
    (rule,) = thing.spec.rules
    (backend,) = rule.backend_refs
    assert (parent.group, parent.kind, parent.namespace) == ("gateway.networking.k8s.io", "Gateway", None)
    assert rule.matches == (HTTPRouteMatch(path=PathMatch(type=PathType.PATH_PREFIX, value="/")),)
    assert (backend.group, backend.kind, backend.weight) == ("", "Service", 1)


def test_a_route_without_rules_has_one_that_matches_everything() -> None:
    thing = decode(manifest("HTTPRoute", {}))

    assert isinstance(thing, HTTPRoute)
    assert [rule.matches for rule in thing.spec.rules] == [(HTTPRouteMatch(),)]


def test_a_match_without_path_or_header_type_gets_them() -> None:
    thing = decode(route(matches=[{"method": "GET", "headers": [{"name": "x", "value": "1"}]}]))

    assert isinstance(thing, HTTPRoute)
    match = thing.spec.rules[0].matches[0]
    assert match.path == PathMatch()
    assert match.headers[0].type is ValueType.EXACT


def test_a_listener_admits_routes_of_its_own_namespace_by_default() -> None:
    thing = decode(gateway(protocol="HTTPS", port=443, tls={"certificateRefs": [{"name": "c"}]}))

    assert isinstance(thing, Gateway)
    listener = thing.spec.listeners[0]
    assert listener.allowed_routes.namespaces.from_ is FromNamespaces.SAME
    assert listener.tls is not None
    assert listener.tls.mode is TlsMode.TERMINATE
    assert listener.tls.certificate_refs[0].kind == "Secret"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param({}, EndpointConditions(ready=True, serving=True, terminating=False), id="none"),
        pytest.param({"ready": None}, EndpointConditions(ready=True), id="null is not known"),
        pytest.param({"ready": False}, EndpointConditions(ready=False), id="not ready"),
        pytest.param({"terminating": True}, EndpointConditions(terminating=True), id="terminating"),
    ],
)
def test_an_endpoint_of_unknown_state_is_ready(conditions: dict[str, Any], expected: EndpointConditions) -> None:
    thing = decode(endpoints(endpoints=[{"addresses": ["10.0.0.1"], "conditions": conditions}], ports=[{"port": 80}]))

    assert isinstance(thing, EndpointSlice)
    assert thing.endpoints[0].conditions == expected
    assert (thing.ports[0].name, thing.ports[0].protocol) == ("", TransportProtocol.TCP)


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        pytest.param({}, (IpFamily.IPV4,), id="nothing said: as a single-stack cluster fills in"),
        pytest.param({"ipFamilies": ["IPv6", "IPv4"]}, (IpFamily.IPV6, IpFamily.IPV4), id="given"),
        pytest.param({"clusterIP": "fd00::1"}, (IpFamily.IPV6,), id="from the cluster address"),
        pytest.param({"clusterIPs": ["10.0.0.1", "fd00::1"]}, (IpFamily.IPV4, IpFamily.IPV6), id="from both"),
        pytest.param({"clusterIP": "None"}, (IpFamily.IPV4,), id="headless"),
        pytest.param({"type": "ExternalName", "externalName": "a.example"}, (), id="external name"),
    ],
)
def test_a_service_has_address_families(spec: dict[str, Any], families: tuple[IpFamily, ...]) -> None:
    thing = decode(service(**spec))

    assert isinstance(thing, Service)
    assert thing.spec.families == families


@pytest.mark.parametrize(
    ("version", "kind", "spec"),
    [
        pytest.param("gateway.networking.k8s.io/v1beta1", "GatewayClass", {"controllerName": "a.b/c"}, id="class"),
        pytest.param("gateway.networking.k8s.io/v1beta1", "HTTPRoute", {}, id="route"),
        pytest.param(
            "gateway.networking.k8s.io/v1beta1",
            "ReferenceGrant",
            {"from": [{"group": "", "kind": "A", "namespace": "b"}], "to": [{"group": "", "kind": "Service"}]},
            id="grant",
        ),
        pytest.param("gateway.networking.k8s.io/v1alpha2", "TLSRoute", {"hostnames": ["a.example"]}, id="tls route"),
    ],
)
def test_an_older_version_is_read_as_v1(version: str, kind: str, spec: dict[str, Any]) -> None:
    assert decode(manifest(kind, spec, version)) == decode(manifest(kind, spec))


def test_another_version_is_an_error_that_names_both() -> None:
    error = decode(manifest("HTTPRoute", {}, "gateway.networking.k8s.io/v1alpha2"))

    assert str(error) == (
        "HTTPRoute default/thing: apiVersion: found gateway.networking.k8s.io/v1alpha2, "
        "expected gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1"
    )


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("apps/v1", "Deployment"),
        ("v1", "ConfigMap"),
        ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"),
        ("example.com/v1", "Gateway"),
    ],
)
def test_kinds_of_others_are_not_ours(version: str, kind: str) -> None:
    assert decode(manifest(kind, {}, version)) == NotOurs(version, kind)


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("GRPCRoute", {"parentRefs": [{"name": "hotel"}], "rules": [{"filters": "whatever"}]}),
        ("TLSRoute", {"parentRefs": [{"name": "hotel"}], "hostnames": ["a.example"]}),
    ],
)
def test_a_later_route_is_known_with_its_parents(kind: str, spec: dict[str, Any]) -> None:
    thing = decode(manifest(kind, spec))

    assert not isinstance(thing, DecodeError | NotOurs)
    assert thing.ref == Ref(Kind(kind), "default", "thing")
    assert thing.spec.parent_refs[0].name == "hotel"  # type: ignore[union-attr]  # both kinds have it


@pytest.mark.parametrize(
    "kind",
    [
        "AccessLogPolicy",
        "IAMAuthPolicy",
        "ServiceExport",
        "ServiceImport",
        "TargetGroupPolicy",
        "VpcAssociationPolicy",
    ],
)
def test_our_later_kinds_are_known(kind: str) -> None:
    thing = decode(manifest(kind, {"anything": [1]}, LATTICE_API))

    assert not isinstance(thing, DecodeError | NotOurs)
    assert thing.ref == Ref(Kind(kind), "default", "thing")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            route(backendRefs=[{"name": "a", "port": 80}, {"name": "b", "port": 80, "weight": 1_000_001}]),
            ("spec.rules[0].backendRefs[1].weight", "1000001", "0 to 1000000"),
            id="weight too great",
        ),
        pytest.param(
            route(backendRefs=[{"name": "a", "port": 80, "weight": -1}]),
            ("spec.rules[0].backendRefs[0].weight", "-1", "0 to 1000000"),
            id="weight below zero",
        ),
        pytest.param(
            route(backendRefs=[{"name": "a", "port": 80, "weight": "5"}]),
            ("spec.rules[0].backendRefs[0].weight", '"5"', "0 to 1000000"),
            id="weight as text",
        ),
        pytest.param(
            route(backendRefs=[{"name": "a", "port": 80, "weight": True}]),
            ("spec.rules[0].backendRefs[0].weight", "true", "0 to 1000000"),
            id="weight as a switch",
        ),
        pytest.param(
            route(backendRefs=[{"port": 80}]),
            ("spec.rules[0].backendRefs[0].name", "nothing", "text of 1 to 253 characters"),
            id="required name missing",
        ),
        pytest.param(
            route(backendRefs=[{"name": "a"}]),
            ("spec.rules[0].backendRefs[0].port", "nothing", "1 to 65535: a Service reference needs its port"),
            id="port of a Service missing",
        ),
        pytest.param(
            route(backendRefs={"name": "a"}),
            ("spec.rules[0].backendRefs", "a mapping", "a list of at most 16 items"),
            id="mapping for a list",
        ),
        pytest.param(
            manifest("HTTPRoute", {"rules": []}),
            ("spec.rules", "a list of 0", "a list of 1 to 16 items"),
            id="empty list of rules",
        ),
        pytest.param(
            route(matches=[{"path": {"type": "Glob"}}]),
            ("spec.rules[0].matches[0].path.type", '"Glob"', "one of Exact, PathPrefix, RegularExpression"),
            id="unknown word",
        ),
        pytest.param(
            route(matches=[{"path": {"value": "inventory"}}]),
            ("spec.rules[0].matches[0].path.value", '"inventory"', "a path that starts with /"),
            id="relative path",
        ),
        pytest.param(
            route(matches=[{"path": {"value": "/a/../b"}}]),
            ("spec.rules[0].matches[0].path.value", '"/a/../b"', "a path without //, /./, /../ and %2F"),
            id="path with dots",
        ),
        pytest.param(
            route(matches=[{"path": {"value": "/ä"}}]),
            ("spec.rules[0].matches[0].path.value", '"/ä"', "only the characters of a URL path, others as %xx"),
            id="path with a letter beyond ASCII",
        ),
        pytest.param(
            route(matches=[{"headers": [{"name": "x", "value": "1"}, {"name": "x", "value": "2"}]}]),
            ("spec.rules[0].matches[0].headers[1].name", '"x" again', "each once"),
            id="header twice",
        ),
        pytest.param(
            route(filters=[{"type": "RequestRedirect"}], backendRefs=[{"name": "a", "port": 80}]),
            ("spec.rules[0].backendRefs", "a list of 1", "nothing beside a RequestRedirect filter"),
            id="redirect and backends",
        ),
        pytest.param(
            manifest("HTTPRoute", {"parentRefs": [{"name": "g"}, {"name": "g"}]}),
            ("spec.parentRefs[1]", "Gateway g again", "each sectionName and port of a parent once"),
            id="parent twice",
        ),
        pytest.param(
            manifest("HTTPRoute", {"hostnames": ["Rates.example"]}),
            (
                "spec.hostnames[0]",
                '"Rates.example"',
                f"text of 1 to 253 characters of the form {HOSTNAME}",
            ),
            id="hostname in capitals",
        ),
        pytest.param(
            manifest("HTTPRoute", {"rules": [{"matches": [{}] * 64}] * 3}),
            ("spec.rules", "192 matches in all", "at most 128"),
            id="too many matches",
        ),
        pytest.param(
            manifest("Gateway", {"listeners": [{"name": "a", "port": 1, "protocol": "HTTP"}]}),
            ("spec.gatewayClassName", "nothing", "text of 1 to 253 characters"),
            id="gateway without class",
        ),
        pytest.param(gateway(port=0), ("spec.listeners[0].port", "0", "1 to 65535"), id="port 0"),
        pytest.param(gateway(port=65536), ("spec.listeners[0].port", "65536", "1 to 65535"), id="port too great"),
        pytest.param(
            gateway(tls={"options": {"a": "b"}}),
            ("spec.listeners[0].tls", "a mapping", "nothing with protocol HTTP"),
            id="tls on http",
        ),
        pytest.param(
            gateway(protocol="TLS"),
            ("spec.listeners[0].tls", "nothing", "a mapping with a mode: protocol TLS needs it"),
            id="tls without tls",
        ),
        pytest.param(
            gateway(protocol="HTTPS", tls={"mode": "Passthrough"}),
            ("spec.listeners[0].tls.mode", "Passthrough", "Terminate with protocol HTTPS"),
            id="https passed through",
        ),
        pytest.param(
            gateway(protocol="HTTPS", tls={}),
            ("spec.listeners[0].tls", "neither certificateRefs nor options", "one of them with mode Terminate"),
            id="https without certificate",
        ),
        pytest.param(
            manifest(
                "Gateway", {"gatewayClassName": "l", "listeners": [{"name": "a", "port": 1, "protocol": "x"}] * 2}
            ),
            ("spec.listeners[1].name", '"a" again', "each once"),
            id="listener twice",
        ),
        pytest.param(
            manifest(
                "Gateway",
                {
                    "gatewayClassName": "l",
                    "listeners": [{"name": name, "port": 80, "protocol": "HTTP"} for name in ("a", "b")],
                },
            ),
            ("spec.listeners[1]", "port 80, protocol HTTP, hostname none again", "each combination once"),
            id="place of a listener twice",
        ),
        pytest.param(
            endpoints(endpoints=[{"addresses": ["10.0.0.1", "10.0.0.300"]}]),
            ("endpoints[0].addresses[1]", '"10.0.0.300"', "an IPv4 address"),
            id="bad address",
        ),
        pytest.param(
            endpoints(addressType=None),
            ("addressType", "nothing", "one of IPv4, IPv6, FQDN"),
            id="null is absent",
        ),
        pytest.param(
            service(ports=[{"port": 80}, {"port": 81}]),
            ("spec.ports[0].name", "nothing", "a name where a Service has several ports"),
            id="unnamed ports",
        ),
        pytest.param(
            service(type="ExternalName"),
            ("spec.externalName", "nothing", "a DNS name with type ExternalName"),
            id="external name without name",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "1a"}},
            ("metadata.name", '"1a"', "at most 63 of a-z, 0-9 and -, beginning with a letter"),
            id="name of a Service",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a.b"}},
            ("metadata.name", '"a.b"', "at most 63 of a-z, 0-9 and -"),
            id="name of a Namespace",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "namespace": "b"}},
            ("metadata.namespace", '"b"', "nothing: a Namespace has no namespace"),
            id="namespace of a Namespace",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"tier": 1}}},
            ("metadata.labels.tier", "1", "text"),
            id="label that is a number",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {"tier": "a b"}}},
            ("metadata.labels.tier", '"a b"', "at most 63 letters, digits, -, _ and ."),
            id="label with a space",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "labels": {1: "a"}}},
            ("metadata.labels", "a mapping with a key that is not text", "a mapping with text as keys"),
            id="key that is a number",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Service"},
            ("metadata", "nothing", "a mapping"),
            id="no metadata",
        ),
        pytest.param(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "creationTimestamp": "yesterday"}},
            ("metadata.creationTimestamp", '"yesterday"', "a time such as 2026-01-31T12:00:00Z"),
            id="time that is none",
        ),
        pytest.param({"kind": "Service"}, ("apiVersion", "nothing", "text"), id="no apiVersion"),
        pytest.param({"apiVersion": "v1", "kind": 3}, ("kind", "3", "text"), id="kind that is a number"),
        pytest.param(
            manifest("HttpRoute", {}),
            (
                "kind",
                "HttpRoute of gateway.networking.k8s.io/v1",
                "one of GRPCRoute, Gateway, GatewayClass, HTTPRoute, ReferenceGrant, TLSRoute",
            ),
            id="unknown kind of the Gateway API",
        ),
        pytest.param(["a"], ("the document", "a list of 1", "a mapping with apiVersion and kind"), id="a list"),
    ],
)
def test_a_complaint_names_field_found_and_expected(raw: object, expected: tuple[str, str, str]) -> None:
    found = complaint(raw)

    assert (found.path, found.found, found.expected) == expected


def test_an_error_names_its_object_as_far_as_it_is_known() -> None:
    nameless = {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop"}}
    traversing = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "../../x"}}
    broken = service(ports=3)

    assert [getattr(decode(raw), "ref", 0) for raw in (nameless, traversing, broken)] == [
        None,
        None,
        Ref(Kind.SERVICE, "default", "thing"),
    ]


def test_a_long_value_is_cut_in_the_message() -> None:
    assert complaint(manifest("HTTPRoute", {"hostnames": ["x" * 300]})).found == '"' + "x" * 78 + "…"


def test_namespaces_are_as_a_server_would_have_them() -> None:
    cluster_scoped = decode(manifest("GatewayClass", {"controllerName": "a.b/c"}))
    without = decode(manifest("HTTPRoute", {}))
    within = decode({**manifest("HTTPRoute", {}), "metadata": {"name": "thing", "namespace": "shop"}})

    refs = [thing.ref for thing in (cluster_scoped, without, within) if not isinstance(thing, DecodeError | NotOurs)]
    assert [str(ref) for ref in refs] == ["GatewayClass thing", "HTTPRoute default/thing", "HTTPRoute shop/thing"]


def test_a_namespace_has_its_name_as_label() -> None:
    declared = decode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"a": "b"}}})

    assert isinstance(declared, Namespace)
    assert declared.labels == {"a": "b", "kubernetes.io/metadata.name": "shop"}
    assert implied_namespace("shop").labels == {"kubernetes.io/metadata.name": "shop"}


def test_unknown_fields_and_status_are_left_alone() -> None:
    raw = {**route(), "status": {"parents": []}, "novelty": 1}

    assert decode(raw) == decode(route())


def test_times_have_their_zone() -> None:
    raw = route()
    raw["metadata"]["creationTimestamp"] = "2026-01-31T12:00:00Z"
    thing = decode(raw)

    assert isinstance(thing, HTTPRoute)
    assert thing.metadata.creation_timestamp == datetime(2026, 1, 31, 12, tzinfo=UTC)


FULL = [
    route(
        name="first",
        matches=[
            {
                "path": {"type": "Exact", "value": "/a"},
                "method": "POST",
                "headers": [{"name": "x", "value": "1", "type": "RegularExpression"}],
                "queryParams": [{"name": "q", "value": "1"}],
            }
        ],
        filters=[{"type": "CORS"}],
        timeouts={"request": "10s"},
        retry={"attempts": 3},
        sessionPersistence={"type": "Cookie"},
        backendRefs=[{"name": "a", "namespace": "b", "port": 80, "weight": 0, "filters": [{"type": "URLRewrite"}]}],
    ),
    gateway(
        hostname="*.example",
        allowedRoutes={
            "namespaces": {
                "from": "Selector",
                "selector": {
                    "matchLabels": {"a": "b"},
                    "matchExpressions": [{"key": "c", "operator": "In", "values": ["d"]}],
                },
            },
            "kinds": [{"kind": "HTTPRoute"}],
        },
    ),
    service(ports=[{"name": "web", "port": 80, "targetPort": "http"}], selector={"a": "b"}, clusterIP="10.0.0.1"),
    endpoints(
        endpoints=[
            {"addresses": ["10.0.0.1"], "conditions": {"ready": False}, "targetRef": {"kind": "Pod", "name": "p"}}
        ],
        ports=[{"name": "web", "port": 8080}],
    ),
    manifest("ServiceExport", {"exportedPorts": [{"port": 80, "routeType": "HTTP"}]}, LATTICE_API),
]


@pytest.mark.parametrize("raw", FULL, ids=lambda raw: raw["kind"])
def test_an_object_written_and_read_again_is_the_same(raw: dict[str, Any]) -> None:
    thing = decode(raw)

    assert not isinstance(thing, DecodeError | NotOurs), thing
    assert decode(json.loads(json.dumps(to_raw(thing)))) == thing


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=10,
)


@given(ANYTHING)
def test_no_document_raises(raw: object) -> None:
    assert isinstance(decode(raw), DecodeError | NotOurs)


@given(st.data())
def test_no_replaced_part_of_a_manifest_raises(data: st.DataObject) -> None:
    raw = copy.deepcopy(data.draw(st.sampled_from(FULL)))
    place: Any = raw
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(ANYTHING)

    result = decode(raw)

    assert str(result)
