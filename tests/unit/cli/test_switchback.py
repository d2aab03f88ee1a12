"""What the Go controller cannot read is named, with what undoes it."""

from collections.abc import Mapping

import pytest

from lattice_gateway.cli.look import Look, Read
from lattice_gateway.cli.sight import Sight
from lattice_gateway.cli.switchback import Trouble, findings
from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import Fixed, Observed, ObservedListener, ObservedRule, ObservedService
from lattice_gateway.core.lattice.units import Desired, Held, Match, Prefix
from lattice_gateway.core.lattice.words import AddressType, Arn, ListenerProtocol, Owner, Status, TargetProtocol, VpcId
from lattice_gateway.core.objects import Object, decode
from lattice_gateway.core.plan.sweep import Account
from lattice_gateway.core.translate.topology import Topology
from lattice_gateway.engine.feed import Snapshot
from lattice_gateway.settings import Settings

SETTINGS = Settings(region="eu-west-1", owner=Owner("1", "lab", VpcId("vpc-1")))
BOX = ServiceKey("box")


def a_look(
    observed: Mapping[UnitKey, Observed] | None = None,
    desired: Mapping[UnitKey, Desired] | None = None,
    objects: tuple[Object, ...] = (),
    sight: Sight = Sight(),  # noqa: B008 - a frozen value
) -> Look:
    return Look(
        read=Read(settings=SETTINGS, snapshot=Snapshot(objects=objects, complete=True), recorded=None, sight=sight),
        topology=Topology(gateways=(), routes=(), unbuilt=(), units={}),
        desired=desired or {},
        homes={},
        observed=observed or {},
        account=Account(),
    )


def service(*priorities: int) -> ObservedService:
    rules = tuple(
        ObservedRule(
            id=f"rule-{number}", arn=Arn("arn:r"), name=f"rule-{number}", priority=number,
            match=Match(Prefix("/")), action=Fixed(404),
        )
        for number in priorities
    )  # fmt: skip
    listener = ObservedListener(
        id="listener-1", arn=Arn("arn:l"), name="l", port=80, protocol=ListenerProtocol.HTTP,
        default_action=None, rules=rules,
    )  # fmt: skip
    return ObservedService(
        id="svc-1", arn=Arn("arn:s"), name="box", status=Status.ACTIVE, dns_name=None, listeners=(listener,)
    )


def group(port: int) -> GroupKey:
    return GroupKey(
        service="box", namespace="shop", name="cart", port=port, protocol=TargetProtocol.HTTP,
        version=None, address_type=AddressType.IPV4,
    )  # fmt: skip


def a_class(finalizers: list[str], controller: str = "application-networking.k8s.aws/gateway-api-controller") -> Object:
    return decode(  # type: ignore[return-value]
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "lattice", "finalizers": finalizers},
            "spec": {"controllerName": controller},
        }
    )


FINALIZER = "gateway-exists-finalizer.gateway.networking.k8s.io"


@pytest.mark.parametrize(
    ("seen", "troubles"),
    [
        pytest.param(a_look(), [], id="nothing"),
        pytest.param(a_look(observed={BOX: service(1, 100)}), [], id="priorities up to 100"),
        pytest.param(a_look(observed={BOX: service(1, 101)}), [Trouble.PRIORITY], id="a priority above 100"),
        pytest.param(a_look(desired={group(80): Held(group(80), "")}), [], id="one port"),
        pytest.param(
            a_look(desired={group(80): Held(group(80), ""), group(81): Held(group(81), "")}),
            [Trouble.GROUP_PER_PORT],
            id="two ports",
        ),
        pytest.param(a_look(objects=(a_class([]),)), [], id="a class that nobody holds"),
        pytest.param(a_look(objects=(a_class([FINALIZER]),)), [Trouble.CLASS_FINALIZER], id="our class, held"),
        pytest.param(a_look(objects=(a_class([FINALIZER], "other.example/x"),)), [], id="the class of another"),
    ],
)
def test_what_is_in_the_way_is_found(seen: Look, troubles: list[Trouble]) -> None:
    assert [one.trouble for one in findings(seen)] == troubles


def test_other_namespaces_are_not_shown() -> None:
    seen = a_look(desired={group(80): Held(group(80), ""), group(81): Held(group(81), "")}, sight=Sight(namespace="x"))

    assert findings(seen) == ()
