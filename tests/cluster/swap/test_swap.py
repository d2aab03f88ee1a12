"""The Go controller's Deployment gets another image: nothing is written to AWS, nobody notices, and back (decision 22).

The tests are one story and run in their order.
"""

import json

import pytest

from tests.cluster.commands import CommandError
from tests.cluster.kube import Object, eventually
from tests.cluster.manifests import REPOSITORY, read_manifests
from tests.cluster.run.stage import Replica
from tests.cluster.swap.conftest import Shop
from tests.cluster.swap.facts import P
from tests.cluster.swap.pods import a_pod
from tests.cluster.swap.remains import FINALIZERS, LATER, REJECTED, ROUTES, THEN, named, would_write
from tests.cluster.swap.stage import DEPLOYMENT, HERE, LEASE, LEFT_LEASE, allowed, peak_memory, processor_time

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

CLASS_FINALIZER = "gateway-exists-finalizer.gateway.networking.k8s.io"
UNGRANTED = "rules[1].backendRefs[0]: no ReferenceGrant in namespace tills lets HTTPRoute of shop in"
CLASS = named("GatewayClass", "amazon-vpc-lattice")
OF_ITS_KINDS = (
    ("TargetGroupPolicy", "api-health"),
    ("VpcAssociationPolicy", "market"),
    ("AccessLogPolicy", "market-logs"),
    ("ServiceExport", "api"),
)
LEFT = {
    "SERVICE_NETWORK": 1,
    "SERVICE_NETWORK_VPC_ASSOCIATION": 1,
    "ACCESS_LOG_SUBSCRIPTION": 1,
    "TARGET_GROUP": 1,
    "TARGET": 1,
}
"""What people, and kinds that are not built yet (a ServiceExport has a group), have in Lattice."""
LIMIT = 128 * 1024 * 1024
"""Bytes that the Go controller's Deployment gives its container."""


def test_the_go_controller_had_nothing_left_to_do(shop: Shop) -> None:
    assert would_write(shop.kube, shop.swap.emulator.url) == []


def test_plan_names_beforehand_what_is_held(shop: Shop) -> None:
    """Whoever asks may read ReferenceGrants, which the Go controller's role does not."""
    said = shop.swap.command("plan", "--all-namespaces")

    assert f"! HTTPRoute shop/checkout: {UNGRANTED} (decision 27)" in said
    assert "! HTTPRoute shop/reports: Gateway shop/market: no listener has sectionName internal" in said
    assert said.rstrip().endswith("Nothing to do in what is known. 2 differences are held.")


def test_plan_shows_what_the_differences_would_do(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLY_SWITCHOVER_DIFFERENCES", "true")
    with pytest.raises(CommandError) as said:
        shop.swap.command("plan", "--all-namespaces")

    assert "change rule 2 (prefix /till)" in str(said.value)
    assert "delete association with network market" in str(said.value)
    assert "0 to create, 2 to change, 0 to replace, 0 to delete; 3 calls to AWS" in str(said.value)


def test_the_lease_that_the_go_controller_kept_is_taken_over(shop: Shop, replica: Replica) -> None:
    lease = shop.kube.get(LEASE)["spec"]

    assert lease["holderIdentity"] != LEFT_LEASE["holderIdentity"]
    assert lease["leaseTransitions"] == LEFT_LEASE["leaseTransitions"] + 1


def test_the_first_pass_writes_nothing_to_aws(shop: Shop, replica: Replica) -> None:
    for name in ROUTES:
        eventually(f"{name} is in place", lambda: programmed(shop, name))  # noqa: B023 - asked before the next one

    assert shop.swap.emulator.writes() == {}
    assert would_write(shop.kube, shop.swap.emulator.url) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("checkout", ("True", "DifferencesHeld"), id="a backend of another namespace"),
        pytest.param("orders", ("False", "NoDifferences"), id="nothing differs"),
        pytest.param("rates", ("False", "NoDifferences"), id="nor here"),
        pytest.param("reports", ("True", "DifferencesHeld"), id="a network that no listener leads to"),
    ],
)
def test_a_route_says_whether_something_of_it_is_held(
    shop: Shop, replica: Replica, name: str, said: tuple[str, str]
) -> None:
    route = shop.kube.get(named("HTTPRoute", name))
    inherited = condition(route["status"]["parents"][0], f"{P}Inherited")

    assert (inherited["status"], inherited["reason"]) == said


def test_conditions_that_say_the_same_keep_their_time(shop: Shop, replica: Replica) -> None:
    gateway = shop.kube.get(named("Gateway", "market"))["status"]
    said = [gateway["conditions"], gateway["listeners"][0]["conditions"]]
    said += [shop.kube.get(named("HTTPRoute", name))["status"]["parents"][0]["conditions"] for name in ROUTES]

    of_the_go_controller = [
        each for conditions in said for each in conditions if each["type"] in {"Accepted", "ResolvedRefs"}
    ]

    assert len(of_the_go_controller) == 1 + 2 + 2 * len(ROUTES)
    assert {(each["status"], each["lastTransitionTime"]) for each in of_the_go_controller} == {("True", THEN)}


def test_the_gateway_is_programmed_and_shows_the_address_that_it_had(shop: Shop, replica: Replica) -> None:
    status = shop.kube.get(named("Gateway", "market"))["status"]

    assert condition(status, "Programmed")["status"] == "True"
    assert [each["value"] for each in status["addresses"]] == [shop.built.services["checkout"][1]]
    assert status["listeners"][0]["attachedRoutes"] == len(ROUTES)


def test_finalizers_are_those_of_the_go_controller_and_the_class_gets_one(shop: Shop, replica: Replica) -> None:
    eventually("the class is held", lambda: finalizers(shop, "GatewayClass", "amazon-vpc-lattice") == [CLASS_FINALIZER])

    assert finalizers(shop, "Gateway", "market") == [FINALIZERS["Gateway"]]
    assert [finalizers(shop, "HTTPRoute", name) for name in ROUTES] == [[FINALIZERS["HTTPRoute"]]] * len(ROUTES)


@pytest.mark.parametrize(("kind", "name"), OF_ITS_KINDS[:3])
def test_a_policy_that_was_accepted_is_accepted(shop: Shop, replica: Replica, kind: str, name: str) -> None:
    accepted = condition(shop.kube.get(named(kind, name))["status"], "Accepted")

    assert (accepted["status"], accepted["reason"], accepted["lastTransitionTime"]) == ("True", "Accepted", THEN)


def test_the_webhook_of_the_go_controller_is_answered(shop: Shop, replica: Replica) -> None:
    """Its failure policy is Fail, so nobody else lets this pod in; and it must have been asked to add the gate."""
    pod = shop.kube.create(a_pod("tills", "till", "till-2"), query="?dryRun=All")

    assert pod["spec"]["readinessGates"] == [{"conditionType": f"{P}pod-readiness-gate"}]


def test_a_pod_that_moves_is_followed(shop: Shop, replica: Replica) -> None:
    old = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-2", "namespace": "shop"}}

    shop.pods.start("shop", "web", "web-3", "10.244.7.6")
    eventually("requests reach the new pod", lambda: shop.pods.loopback("10.244.7.6") in shop.traffic.answered)
    shop.kube.delete(old)
    eventually("the Go controller would agree", lambda: would_write(shop.kube, shop.swap.emulator.url) == [])

    assert set(shop.swap.emulator.writes()) == {"RegisterTargets", "DeregisterTargets"}


def test_an_edited_route_is_applied(shop: Shop, replica: Replica) -> None:
    shop.swap.emulator.forget_calls()
    weights = [{"op": "replace", "path": f"/spec/rules/2/backendRefs/{place}/weight", "value": 5} for place in (0, 1)]

    shop.swap.kubectl(
        "patch", "httproute/checkout", "--namespace=shop", "--type=json", f"--patch={json.dumps(weights)}"
    )
    eventually("the new form is in place", lambda: programmed(shop, "checkout"))

    route = shop.kube.get(named("HTTPRoute", "checkout"))
    assert condition(route["status"]["parents"][0], f"{P}Inherited")["reason"] == "Edited"
    assert shop.swap.emulator.writes() == {"UpdateRule": 1}
    assert would_write(shop.kube, shop.swap.emulator.url) == []


def test_what_we_make_is_what_the_go_controller_would_have_made(shop: Shop, replica: Replica) -> None:
    for each in read_manifests([HERE / "later.yaml"]):
        shop.kube.apply(each)

    eventually("it is in place", lambda: programmed(shop, *LATER), within=60)

    assert would_write(shop.kube, shop.swap.emulator.url) == []


def test_the_memory_of_the_go_controllers_container_is_enough(replica: Replica) -> None:
    assert peak_memory(replica) < LIMIT


def test_every_call_was_allowed_by_the_go_controllers_policy(shop: Shop, replica: Replica) -> None:
    assert [call for call in shop.swap.calls() if not allowed(call)] == []


def test_the_way_back_is_named_and_leaves_what_the_go_controller_keeps(shop: Shop, replica: Replica) -> None:
    with pytest.raises(CommandError) as before:
        shop.swap.command("plan", "--for-go-controller", "--all-namespaces")
    shop.swap.emulator.forget_calls()

    replica.process.process.terminate()
    code = replica.process.process.wait(10)
    shop.kube.merge(CLASS, {"metadata": {"finalizers": None}})
    after = shop.swap.command("plan", "--for-go-controller", "--all-namespaces")

    assert str(before.value).count("ClassFinalizer") == 1
    assert "Nothing that was seen is in the Go controller's way." in after
    assert code == 0
    assert shop.swap.emulator.writes() == {}
    assert would_write(shop.kube, shop.swap.emulator.url) == []


def test_no_request_failed(shop: Shop) -> None:
    assert shop.traffic.failed == []
    assert shop.traffic.requests > 100


def test_a_tenth_of_a_processor_is_enough_to_answer_the_liveness_probe_in_time(shop: Shop) -> None:
    """The Go controller's container has no more; whoever fails three probes is started again, and again."""
    deployment = shop.kube.get(DEPLOYMENT)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    probe = container["livenessProbe"]
    ended_after = probe["initialDelaySeconds"] + (probe["failureThreshold"] - 1) * probe["periodSeconds"]
    share = int(container["resources"]["limits"]["cpu"].removesuffix("m")) / 1000

    replica = shop.swap.start(deployment)
    replica.port("probes")
    spent = processor_time(replica)
    replica.process.kill()

    assert spent < ended_after * share


def test_its_crds_are_brought_up_to_date_under_living_objects(shop: Shop) -> None:
    def forms() -> list[Object]:
        found = [shop.kube.get(named(kind, name)) for kind, name in OF_ITS_KINDS]
        return [{**each, "metadata": {**each["metadata"], "managedFields": None}} for each in found]

    before = forms()
    shop.swap.kubectl("apply", "--server-side", "--force-conflicts", f"--filename={REPOSITORY / 'crds'}")

    assert forms() == before
    assert "ACCEPTED" in shop.swap.kubectl("get", "serviceexports", "--namespace=shop")


def test_what_the_go_controller_made_goes_when_its_objects_go(shop: Shop) -> None:
    """Its role lets us take everything away; what people made by hand, and kinds that are not built, stay."""
    replica = shop.swap.start(shop.kube.get(DEPLOYMENT)).ready()
    objects = [*(named("HTTPRoute", name) for name in (*ROUTES, *REJECTED, *LATER)), named("Gateway", "market"), CLASS]

    for each in objects:
        shop.kube.delete(each)
    eventually("no object is left", lambda: not any(map(shop.kube.exists, objects)), within=60)
    eventually("nothing of them is left", lambda: shop.swap.emulator.counts() == LEFT, within=60)

    assert "ReferenceGrant" in replica.process.log.read_text()
    replica.process.kill()


def programmed(shop: Shop, name: str) -> bool:
    """Whether the present form of a route is in place."""
    route = shop.kube.get(named("HTTPRoute", name))
    parents = route.get("status", {}).get("parents") or [{"conditions": []}]
    said = condition(parents[0], f"{P}Programmed")
    return (said.get("status"), said.get("observedGeneration")) == ("True", route["metadata"]["generation"])


def condition(status: Object, kind: str) -> Object:
    return next((each for each in status["conditions"] if each["type"] == kind), {})


def finalizers(shop: Shop, kind: str, name: str) -> list[str]:
    found: list[str] = shop.kube.get(named(kind, name))["metadata"].get("finalizers", [])
    return found
