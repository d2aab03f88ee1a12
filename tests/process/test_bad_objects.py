"""Objects that are wrong: the message names file, object and field; everything else goes on; what stands stays."""

import pytest

from tests.process.manifests import backend, gateway, route, rule, service
from tests.process.shop import Shop
from tests.process.stage import PROGRAMMED, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

BROKEN_TEXTS = [
    pytest.param(
        "apiVersion: v1\nkind: [\n",
        {"object": "", "field": ""},
        "no valid YAML or JSON",
        id="broken YAML",
    ),
    pytest.param(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gatevay\nmetadata: {name: x}\n",
        {"line": 2, "field": "kind"},
        "Gatevay",
        id="unknown kind",
    ),
    pytest.param(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\n"
        "spec:\n  parentRefs:\n  - namespace: default\n",
        {"object": "HTTPRoute default/x", "field": "spec.parentRefs[0].name"},
        "",
        id="missing field",
    ),
    pytest.param(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\n"
        "spec:\n  parentRefs:\n  - name: shop\n    port: eighty\n",
        {"line": 7, "object": "HTTPRoute default/x", "field": "spec.parentRefs[0].port"},
        "eighty",
        id="mistyped field",
    ),
    pytest.param(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\n"
        "spec:\n  parentRefs:\n  - name: shop\n  rules:\n"
        "  - backendRefs:\n    - {name: web, port: 80, weight: 1000001}\n",
        {"line": 9, "object": "HTTPRoute default/x", "field": "spec.rules[0].backendRefs[0].weight"},
        "1000001",
        id="weight too great",
    ),
    pytest.param(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: x}\n"
        "spec:\n  parentRefs:\n  - name: shop\n  rules:\n"
        "  - backendRefs:\n    - {name: web, port: 80, weight: -1}\n",
        {"line": 9, "object": "HTTPRoute default/x", "field": "spec.rules[0].backendRefs[0].weight"},
        "-1",
        id="weight below zero",
    ),
    pytest.param(
        "apiVersion: gateway.networking.k8s.io/v9\nkind: HTTPRoute\nmetadata: {name: x}\n",
        {"line": 1, "field": "apiVersion"},
        "gateway.networking.k8s.io/v9",
        id="another version",
    ),
]


@pytest.mark.parametrize(("text", "expected", "words"), BROKEN_TEXTS)
async def test_a_document_that_cannot_be_used_is_named_and_hurts_nobody(
    shop: Shop, text: str, expected: dict[str, object], words: str
) -> None:
    async with shop.nothing_is_lost():
        shop.controller.write_text("bad.yaml", text)

        problem = await shop.problem(file="bad.yaml", **expected)

        assert words in problem["message"]
        told = [event["problem"] for event in shop.controller.events("source")]
        assert any(one.startswith("bad.yaml:") and problem["message"] in one for one in told), told


async def test_an_edit_that_breaks_a_deployed_route_leaves_it_as_it_was(shop: Shop) -> None:
    shop.controller.write("edited.yaml", route("edited"))
    await shop.controller.built("edited")

    async with shop.nothing_is_lost():
        shop.controller.write_text("edited.yaml", "kind: HTTPRoute\nmetadata: {name: edited\n")
        await shop.problem(file="edited.yaml")

    shop.controller.remove("edited.yaml")
    await shop.gone("edited-default")
    await shop.healthy()


async def test_of_an_object_that_stands_twice_the_first_counts_and_both_places_are_told(shop: Shop) -> None:
    shop.controller.write("twice-1.yaml", route("twice"))
    await shop.controller.built("twice")

    async with shop.nothing_is_lost():
        shop.controller.write("twice-2.yaml", route("twice", rule(path="/a"), rule(path="/b")))
        problem = await shop.problem(file="twice-2.yaml", object="HTTPRoute default/twice")
        assert "twice-1.yaml:1" in problem["message"]
        assert "twice-2.yaml:1" in problem["message"]


async def test_kinds_that_are_none_of_ours_are_counted_in_a_line_of_the_log(shop: Shop) -> None:
    async with shop.nothing_is_lost():
        shop.controller.write_text(
            "more.yaml",
            "".join(f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{n}}}\n" for n in "ab"),
        )

        await until(lambda: bool(shop.controller.events("skipped")), "the log tells what was skipped")

        assert [event["kinds"] for event in shop.controller.events("skipped")] == [{"Deployment.apps/v1": 2}]
        assert shop.controller.problems() == []


async def test_a_route_without_its_gateway_says_which_one_is_missing(shop: Shop) -> None:
    async with shop.nothing_is_lost():
        shop.controller.write("lost.yaml", route("lost", parent="nowhere"), route("found"))
        await shop.controller.built("found")
        await until(lambda: bool(shop.controller.events("parent missing")), "the log tells of the missing Gateway")
        (told,) = shop.controller.events("parent missing")
        assert (told["object"], told["parent"]) == ("HTTPRoute default/lost", "Gateway default/nowhere")
    assert "lost-default" not in await shop.emulator.services()


DANGLING = [
    pytest.param(backend("nobody"), "BackendNotFound", ("nobody",), id="no such Service"),
    pytest.param({"name": "web", "port": 81}, "BackendNotFound", ("web", "81"), id="no such port"),
    pytest.param(backend("web", namespace="elsewhere"), "RefNotPermitted", ("elsewhere",), id="no grant"),
]


@pytest.mark.parametrize(("ref", "reason", "words"), DANGLING)
async def test_a_backend_that_leads_nowhere_is_named_and_the_rest_of_the_route_serves(
    shop: Shop, ref: dict[str, object], reason: str, words: tuple[str, ...]
) -> None:
    async with shop.nothing_is_lost():
        shop.controller.write("elsewhere.yaml", service("web", "elsewhere"))
        shop.controller.write("dangling.yaml", route("dangling", rule(ref, path="/a"), rule(path="/b")))

        await shop.controller.built("dangling")

        status, found, message = shop.controller.condition("dangling", "ResolvedRefs")
        assert (status, found) == ("False", reason)
        assert all(word in message for word in words), message
        assert "rules[0].backendRefs[0]" in message
        assert await shop.emulator.rules("dangling-default") == 2


async def test_an_eleventh_rule_is_the_apis_quota_error_and_the_ten_stay(shop: Shop) -> None:
    ten = [rule(path=f"/{number}") for number in range(10)]
    shop.controller.write("rules.yaml", route("rules", *ten))
    await shop.controller.built("rules")

    async with shop.nothing_is_lost():
        shop.controller.write("rules.yaml", route("rules", *ten, rule(path="/eleventh")))
        await until(
            lambda: shop.controller.condition("rules", PROGRAMMED)[1] == "QuotaExceeded", "QuotaExceeded is said"
        )
        assert "L-CF78395E" in shop.controller.condition("rules", PROGRAMMED)[2]
        assert await shop.emulator.rules("rules-default") == 10

    shop.controller.write("rules.yaml", route("rules", *ten))
    await shop.controller.built("rules")


async def test_a_name_that_no_service_can_have_is_refused_with_its_length(shop: Shop) -> None:
    name = "a-name-of-a-service-in-vpc-lattice-that-is-too-long"
    annotated = route("long")
    annotated["metadata"]["annotations"] = {"application-networking.k8s.aws/service-name-override": name}
    async with shop.nothing_is_lost():
        shop.controller.write("long.yaml", annotated)
        await until(lambda: shop.controller.condition("long", "Accepted")[0] == "False", "the route is refused")
        _, reason, message = shop.controller.condition("long", "Accepted")
        assert reason == "UnsupportedValue"
        assert name in message
        assert "service name override" in message


async def test_two_routes_whose_names_cut_alike_both_get_a_service(shop: Shop) -> None:
    names = [f"a-route-with-a-name-longer-than-the-forty-letters-of-lattice-{end}" for end in ("one", "two")]
    async with shop.nothing_is_lost():
        shop.controller.write("alike.yaml", *(route(name) for name in names))
        await shop.controller.built(*names)
        arns = {
            shop.controller.status("HTTPRoute", name)["annotations"][
                "application-networking.k8s.aws/lattice-service-arn"
            ]
            for name in names
        }
        assert len(arns) == 2


async def test_a_gateway_of_a_name_no_network_can_have_says_so(shop: Shop) -> None:
    async with shop.nothing_is_lost():
        shop.controller.write("no-network.yaml", gateway("a.shop"))

        def said() -> bool:
            conditions = shop.controller.status("Gateway", "a.shop").get("conditions", [])
            return any(one["status"] == "False" and "a.shop" in one["message"] for one in conditions)

        await until(said, "the Gateway's condition names the name")
    shop.controller.remove("no-network.yaml")
