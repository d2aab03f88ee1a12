"""The contract of the Lattice port: the same suite on the adapter over HTTP, and on the world that the laws play on."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from lattice_emulator.world.clock import ScaledClock
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.world import World
from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey
from lattice_gateway.core.lattice.observed import Fixed, ForwardTo
from lattice_gateway.core.lattice.outcome import ErrorKind
from lattice_gateway.core.lattice.units import Exact, FixedResponse, HeaderMatch, Match, Prefix, Target
from lattice_gateway.core.lattice.words import Arn, ListenerProtocol, Status, Tag, Tags
from lattice_gateway.engine import reads
from lattice_gateway.engine.ports import Lattice, LatticeFailure
from lattice_gateway.settings import Settings, read_settings
from tests.laws.engine_making import HEALTH, group
from tests.laws.engine_stage import SETTINGS, Stage

OWNER = SETTINGS.owner
OURS = Tags({Tag.MANAGED_BY: str(OWNER)})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An emulator as a process of its own, on a fast clock."""
    command = [sys.executable, "-m", "lattice_emulator", "serve", "--no-data-plane", "--time-scale", "1000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(timeout=20)
    process.stdout.close()


@asynccontextmanager
async def in_process(_: Settings) -> AsyncIterator[Lattice]:
    stage = Stage()
    stage.world = World(knobs=Knobs(), clock=ScaledClock(1000))
    stage.wire.world, stage.wire.latency = stage.world, 0.0
    yield stage.lattice()


@pytest.fixture(params=["over HTTP", "in process"])
async def lattice(request: pytest.FixtureRequest) -> AsyncIterator[Lattice]:
    over_http = request.param == "over HTTP"
    variables = {"LATTICE_ENDPOINT": request.getfixturevalue("endpoint")} if over_http else {}
    settings = read_settings({"LATTICE_ENDPOINT": "http://127.0.0.1:1", **variables}, {})
    async with (connect if over_http else in_process)(settings) as lattice:
        yield lattice


async def made(lattice: Lattice, operation: ops.Operation) -> ops.Known:
    answer = await lattice.perform(operation, f"token {operation!r}"[:64])
    assert answer.id is not None
    assert answer.arn is not None
    return ops.Known(answer.id, answer.arn)


async def eventually(lattice: Lattice, read: reads.Read[object], status: Status) -> None:
    async with asyncio.timeout(5):
        while getattr(await lattice.read(read), "status", None) is not status:  # noqa: ASYNC110 - the real clock
            await asyncio.sleep(0.01)


async def kind_of_failure(lattice: Lattice, call: ops.Operation | reads.Read[object]) -> ErrorKind:
    with pytest.raises(LatticeFailure) as failure:
        await (lattice.read(call) if isinstance(call, reads.Read) else lattice.perform(call, "another token"))
    return failure.value.error.kind


def create_group(name: str) -> ops.CreateTargetGroup:
    wanted = group(OWNER, name, name, ())
    return ops.CreateTargetGroup(
        group=wanted.key,
        name=wanted.name,
        port=80,
        protocol=wanted.key.protocol,
        version=wanted.key.version,
        address_type=wanted.key.address_type,
        vpc=OWNER.vpc,
        health=None,
        tags=wanted.tags,
    )


def create_service(name: str) -> ops.CreateService:
    return ops.CreateService(service=ServiceKey(name), custom_domain=None, certificate=None, tags=OURS)


async def test_a_group_is_made_filled_read_and_emptied(lattice: Lattice) -> None:
    create = create_group("filled")
    known = await made(lattice, create)
    await eventually(lattice, reads.GetTargetGroup(known.id), Status.ACTIVE)
    targets = (Target("10.244.0.1", 8090), Target("10.244.0.2", 8090))

    await lattice.perform(ops.RegisterTargets(known, targets), "t")
    registered = await lattice.read(reads.ListTargets(known.id))
    read = await lattice.read(reads.GetTargetGroup(known.id))
    listed = await lattice.read(reads.ListTargetGroups(OWNER.vpc))
    await lattice.perform(ops.DeregisterTargets(known, targets), "t")

    assert {each.target for each in registered.items} == set(targets)
    assert (read.name, read.port, read.vpc, read.health) == (create.name, 80, OWNER.vpc, HEALTH)
    assert read.version is create.version
    assert known.id in {each.group.id for each in listed.items}
    assert (await lattice.read(reads.ListTargets(known.id))).items == ()
    assert (await lattice.perform(ops.DeleteTargetGroup(known), "t")).status is Status.DELETE_IN_PROGRESS


async def test_a_service_is_made_with_all_that_hangs_on_it(lattice: Lattice) -> None:
    target_group = await made(lattice, create_group("hung"))
    network = await made(lattice, ops.CreateServiceNetwork(network=NetworkKey("hung"), tags=OURS))
    service = await made(lattice, create_service("hung"))
    await eventually(lattice, reads.GetService(service.id), Status.ACTIVE)
    await eventually(lattice, reads.GetTargetGroup(target_group.id), Status.ACTIVE)
    associate = ops.CreateServiceAssociation(
        service=service, network=network, network_key=NetworkKey("hung"), tags=OURS
    )
    listen = ops.CreateListener(
        service=service,
        key=ops.ListenerKey(ServiceKey("hung"), 80, ListenerProtocol.HTTP),
        name="hung-80-http",
        default_action=FixedResponse(404),
        tags=OURS,
    )

    association = await made(lattice, associate)
    listener = await made(lattice, listen)
    match = Match(Prefix("/a"), "GET", (HeaderMatch("x", "1"),))
    forward = ops.SendForward((ops.SendTo(target_group, 7),))
    rule = await made(
        lattice,
        ops.CreateRule(
            service=service, listener=listener, name="r-1", priority=5, match=match, action=forward, tags=OURS
        ),
    )
    other = Match(Exact("/b"))
    update = ops.UpdateRule(
        service=service, listener=listener, rule=rule, match=other, action=FixedResponse(500), priority=6
    )

    read = await lattice.read(reads.GetRule(service.id, listener.id, rule.id))
    await lattice.perform(update, "t")
    await lattice.perform(ops.BatchUpdateRule(service, listener, ((rule, 9),)), "t")
    changed = await lattice.read(reads.GetRule(service.id, listener.id, rule.id))

    assert (read.match, read.action, read.priority) == (match, ForwardTo(((target_group.id, 7),)), 5)
    assert (changed.match, changed.action, changed.priority) == (other, Fixed(500), 9)
    assert [each.port for each in (await lattice.read(reads.ListListeners(service.id))).items] == [80]
    assert [each.id for each in (await lattice.read(reads.ListRules(service.id, listener.id))).items] == [rule.id]
    default = await lattice.read(reads.GetListener(service.id, listener.id))
    assert default.default_action == Fixed(404)
    for listing in (reads.ListAssociationsOfService(service.id), reads.ListAssociationsOfNetwork(network.id)):
        assert [(each.service_id, each.association.id) for each in (await lattice.read(listing)).items] == [
            (service.id, association.id)
        ]
    assert await kind_of_failure(lattice, ops.DeleteService(service)) is ErrorKind.CONFLICT


async def test_a_repeated_create_with_its_token_is_the_same_thing(lattice: Lattice) -> None:
    create = create_service("again")

    first = await lattice.perform(create, "the token")
    second = await lattice.perform(create, "the token")

    assert first.id == second.id
    assert await kind_of_failure(lattice, create) is ErrorKind.CONFLICT


async def test_tags_are_written_and_found_by_either_api(lattice: Lattice) -> None:
    service = await made(lattice, create_service("tagged"))

    await lattice.perform(ops.TagResource(service, Tags({"team": "web", "stage": "test"})), "t")
    await lattice.perform(ops.UntagResource(service, frozenset({"stage"})), "t")

    expected = Tags({"team": "web"}).over(OURS)
    found = await lattice.read(reads.FindTagged(Tag.MANAGED_BY, str(OWNER)))
    assert await lattice.read(reads.ListTags(service.arn)) == expected
    assert reads.Tagged(service.arn, expected) in found.items
    assert (await lattice.read(reads.TagsOf((service.arn,)))).items == (reads.Tagged(service.arn, expected),)


async def test_a_vpc_has_one_association(lattice: Lattice) -> None:
    network = await made(lattice, ops.CreateServiceNetwork(network=NetworkKey("vpc-one"), tags=OURS))
    associate = ops.CreateVpcAssociation(network=network, vpc=OWNER.vpc, tags=OURS)

    association = await made(lattice, associate)
    await eventually(lattice, reads.GetVpcAssociation(association.id), Status.ACTIVE)
    listed = (await lattice.read(reads.ListVpcAssociations(OWNER.vpc))).items

    assert [(each.id, each.network_name, each.vpc) for each in listed] == [(association.id, "vpc-one", OWNER.vpc)]
    assert await kind_of_failure(lattice, associate) is ErrorKind.CONFLICT
    assert network.id in {each.id for each in (await lattice.read(reads.ListServiceNetworks())).items}
    assert await kind_of_failure(lattice, ops.DeleteServiceNetwork(network)) is ErrorKind.CONFLICT


async def test_what_is_not_there_is_not_found(lattice: Lattice) -> None:
    missing = ops.Known("svc-00000000000000000", Arn("arn:aws:vpc-lattice:us-west-2:1:service/svc-00000000000000000"))

    assert await kind_of_failure(lattice, reads.GetService(missing.id)) is ErrorKind.NOT_FOUND
    assert await kind_of_failure(lattice, ops.DeleteService(missing)) is ErrorKind.NOT_FOUND


async def test_what_the_service_refuses_is_invalid(lattice: Lattice) -> None:
    service = await made(lattice, create_service("refused"))
    await eventually(lattice, reads.GetService(service.id), Status.ACTIVE)
    listen = ops.CreateListener(
        service=service,
        key=ops.ListenerKey(ServiceKey("refused"), 80, ListenerProtocol.HTTP),
        name="refused-80-http",
        default_action=FixedResponse(418),
        tags=OURS,
    )

    assert await kind_of_failure(lattice, listen) is ErrorKind.INVALID


async def test_the_account_of_the_caller_is_ours(lattice: Lattice) -> None:
    assert await lattice.read(reads.CallerAccount()) == OWNER.account
