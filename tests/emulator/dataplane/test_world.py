"""From calls of the API to traffic, with the world itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lattice_emulator.dataplane.binary import Found
from lattice_emulator.dataplane.plane import DataPlane, Options
from lattice_emulator.dataplane.reach import ClientVpc
from lattice_emulator.world.clock import ScaledClock
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Caller
from lattice_emulator.world.world import World
from tests.emulator.dataplane.conftest import request
from tests.emulator.dataplane.making import Backend, backend, eventually

pytestmark = pytest.mark.process

VPC = "vpc-0123456789abcdef0"
SCALE = 200.0


@dataclass
class Account:
    """One caller of the world, and the data plane that follows it."""

    world: World
    plane: DataPlane

    def call(self, operation: str, **params: object) -> Mapping[str, Any]:
        return self.world.call("vpc-lattice", operation, params, Caller("111122223333", "us-west-2"))

    def group(self, name: str) -> str:
        config = {
            "port": 80,
            "protocol": "HTTP",
            "vpcIdentifier": VPC,
            "healthCheck": {"healthCheckIntervalSeconds": 5},
        }
        return str(self.call("CreateTargetGroup", name=name, type="IP", config=config)["id"])

    def register(self, group: str, target: Backend) -> None:
        at = {"id": target.endpoint.address, "port": target.endpoint.port}
        self.call("RegisterTargets", targetGroupIdentifier=group, targets=[at])

    def deregister(self, group: str, target: Backend) -> None:
        at = {"id": target.endpoint.address, "port": target.endpoint.port}
        self.call("DeregisterTargets", targetGroupIdentifier=group, targets=[at])

    def statuses(self, group: str) -> list[str]:
        listed = self.call("ListTargets", targetGroupIdentifier=group)["items"]
        return [str(target["status"]) for target in listed]

    async def until(self, group: str, *statuses: str) -> None:
        async def reached() -> bool:
            self.world.advance()
            return self.statuses(group) == list(statuses)

        await eventually(reached)
        await self.plane.caught_up()

    async def ask(self, name: str) -> tuple[int, str]:
        assert self.plane.front_door is not None
        answer = await request(self.plane.front_door, "/", "GET", (("host", name),))
        return answer.status, answer.name


@pytest.fixture
async def account(envoy: str) -> AsyncIterator[Account]:
    clock, knobs = ScaledClock(SCALE), Knobs().fast()
    world = World(knobs=knobs, clock=clock)
    options = Options(client=ClientVpc(VPC), time_scale=SCALE, binary=Found(envoy))
    plane = DataPlane(world, knobs=knobs, clock=clock, options=options)
    world.subscribe(plane.notify)
    await plane.start()
    try:
        yield Account(world, plane)
    finally:
        await plane.stop()


async def is_true(condition: bool) -> bool:
    return condition


async def test_calls_become_traffic_and_deletions_end_it(account: Account) -> None:
    async with backend("a") as a, backend("b") as b:
        blue, green = account.group("blue"), account.group("green")
        service = account.call("CreateService", name="shop")
        name = str(service["dnsEntry"]["domainName"])
        action = {"forward": {"targetGroups": [{"targetGroupIdentifier": blue, "weight": 100}]}}
        created = account.call(
            "CreateListener", serviceIdentifier=service["id"], name="http", protocol="HTTP", defaultAction=action
        )
        account.register(blue, a)
        account.register(green, b)
        await account.until(blue, "HEALTHY")
        assert await account.ask(name) == (404, ""), "in no network yet"

        network = account.call("CreateServiceNetwork", name="net")["id"]
        account.call(
            "CreateServiceNetworkServiceAssociation",
            serviceIdentifier=service["id"],
            serviceNetworkIdentifier=network,
        )
        joined = account.call("CreateServiceNetworkVpcAssociation", vpcIdentifier=VPC, serviceNetworkIdentifier=network)
        account.world.advance()
        await account.plane.caught_up()
        assert await account.ask(name) == (200, "a")

        rule = {"httpMatch": {"pathMatch": {"match": {"prefix": "/"}}}}
        account.call(
            "CreateRule",
            serviceIdentifier=service["id"],
            listenerIdentifier=created["id"],
            name="all",
            priority=1,
            match=rule,
            action={"forward": {"targetGroups": [{"targetGroupIdentifier": green}]}},
        )
        await account.until(green, "HEALTHY")
        assert await account.ask(name) == (200, "b")

        account.call("DeleteServiceNetworkVpcAssociation", serviceNetworkVpcAssociationIdentifier=joined["id"])
        account.world.advance()
        await account.plane.caught_up()
        assert await account.ask(name) == (404, "")


async def test_a_target_is_replaced_without_a_failed_request(account: Account) -> None:
    async with backend("a") as old, backend("b") as new:
        group = account.group("blue")
        service = account.call("CreateService", name="shop")
        name = str(service["dnsEntry"]["domainName"])
        action = {"forward": {"targetGroups": [{"targetGroupIdentifier": group}]}}
        account.call(
            "CreateListener", serviceIdentifier=service["id"], name="http", protocol="HTTP", defaultAction=action
        )
        network = account.call("CreateServiceNetwork", name="net")["id"]
        identifiers = {"serviceNetworkIdentifier": network}
        account.call("CreateServiceNetworkServiceAssociation", serviceIdentifier=service["id"], **identifiers)
        account.call("CreateServiceNetworkVpcAssociation", vpcIdentifier=VPC, **identifiers)
        account.register(group, old)
        await account.until(group, "HEALTHY")
        answers: list[tuple[int, str]] = []

        async def load() -> None:
            while True:
                answers.append(await account.ask(name))

        clients = [asyncio.create_task(load()) for _ in range(4)]
        account.register(group, new)
        await account.until(group, "HEALTHY", "HEALTHY")
        account.deregister(group, old)
        await account.until(group, "HEALTHY")
        before = len(answers)
        await eventually(lambda: is_true(len(answers) >= before + 50))
        for client in clients:
            client.cancel()
        await asyncio.wait(clients)

        assert {status for status, _ in answers} == {200}
        assert {name for _, name in answers[before + 10 :]} == {"b"}
