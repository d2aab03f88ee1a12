"""What `describe` shows of a route."""

from rich.console import Console

from lattice_gateway.adapters.kube.inheritance import inheritance_of
from lattice_gateway.cli.render.tree import Picture, whole_tree
from lattice_gateway.core.lattice.words import Arn, Tag, Tags
from lattice_gateway.core.translate.inputs import ServiceRecord
from lattice_gateway.engine.translation import News, Translation
from tests.laws.engine_stage import SETTINGS
from tests.laws.switch.looking import seen
from tests.laws.switch.manifests import CLASS, gateway, prefix, route, rule, service, to

TAGS = Tags(
    {
        Tag.MANAGED_BY: str(SETTINGS.owner),
        Tag.ROUTE_NAME: "tickets",
        Tag.ROUTE_NAMESPACE: "arena",
        Tag.ROUTE_TYPE: "http",
    }
)
RECORD = ServiceRecord(name="tickets-arena", arn=Arn("arn:svc-1"), id="svc-1", tags=TAGS)


def test_what_is_held_since_the_switch_stands_with_its_route() -> None:
    objects = (CLASS, gateway(), service("safe", "vault"), route(rule(prefix("/"), to("safe", namespace="vault"))))
    found = [seen(each) for each in objects]
    things = tuple(each.thing for each in found if each.thing is not None)
    facts = {each.ref: inheritance_of(each) for each in found}
    translation = Translation(SETTINGS)
    translation.apply(News(puts=things, services={RECORD.name: RECORD}, inherited=facts))

    console = Console(width=200)
    with console.capture() as shown:
        console.print(whole_tree(Picture.of(translation.topology(), {})))

    assert "held since the switch: rules[0].backendRefs[0]: no ReferenceGrant in namespace vault" in shown.get()
