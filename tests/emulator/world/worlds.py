"""A world to try things on, with the calls that tests make again and again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from lattice_emulator.world import Caller, Knobs, ManualClock, ServiceError, World

from .service_model import check_answer, declared_errors

HOME = Caller("111122223333", "us-west-2")
OTHER = Caller("444455556666", "us-west-2")
ELSEWHERE = Caller("111122223333", "eu-west-1")
VPC = "vpc-0123456789abcdef0"
NOT_FOUND_404 = {"fixedResponse": {"statusCode": 404}}
HTTP = {"port": 80, "protocol": "HTTP", "vpcIdentifier": VPC}


def path_match(path: str) -> dict[str, Any]:
    return {"httpMatch": {"pathMatch": {"match": {"prefix": path}, "caseSensitive": True}}}


def forward(*groups: str) -> dict[str, Any]:
    return {"forward": {"targetGroups": [{"targetGroupIdentifier": g, "weight": 1} for g in groups]}}


@dataclass(frozen=True)
class Bench:
    """A world with its clock; ``ready_*`` make a resource and wait until it is ACTIVE."""

    world: World
    clock: ManualClock

    def call(self, operation: str, *, by: Caller = HOME, **params: Any) -> dict[str, Any]:
        return self.ask("vpc-lattice", operation, params, by)

    def tagging(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.ask("tagging", operation, params, HOME)

    def ask(self, service: str, operation: str, params: Mapping[str, Any], by: Caller) -> dict[str, Any]:
        answer = self.world.call(service, operation, params, by)
        check_answer(service, operation, answer)
        return answer

    def wait(self, seconds: float = 100.0) -> None:
        self.clock.advance(seconds)
        self.world.advance()

    def refused(self, operation: str, *, by: Caller = HOME, **params: Any) -> ServiceError:
        before = self.world.dump()
        with pytest.raises(ServiceError) as caught:
            self.call(operation, by=by, **params)
        assert self.world.dump() == before, "a refused call changes nothing"
        assert caught.value.code in declared_errors(operation)
        return caught.value

    def ready(self, operation: str, *, by: Caller = HOME, **params: Any) -> str:
        made = self.call(operation, by=by, **params)
        self.wait()
        return str(made["id"])

    def service(self, name: str = "inventory", **more: Any) -> str:
        return self.ready("CreateService", name=name, **more)

    def group(self, name: str = "pods", **more: Any) -> str:
        return self.ready("CreateTargetGroup", **{"name": name, "type": "IP", "config": HTTP} | more)

    def network(self, name: str = "my-hotel", **more: Any) -> str:
        return self.ready("CreateServiceNetwork", name=name, **more)

    def listener(self, service: str, **more: Any) -> str:
        wanted = {"name": "http", "protocol": "HTTP", "defaultAction": NOT_FOUND_404} | more
        return self.ready("CreateListener", serviceIdentifier=service, **wanted)

    def rule(self, service: str, listener: str, priority: int, **more: Any) -> str:
        wanted = {"name": f"rule{priority}", "match": path_match(f"/{priority}"), "action": NOT_FOUND_404} | more
        return self.ready(
            "CreateRule", serviceIdentifier=service, listenerIdentifier=listener, priority=priority, **wanted
        )

    def targets(self, group: str) -> list[tuple[str, str, str | None]]:
        items = self.call("ListTargets", targetGroupIdentifier=group)["items"]
        return [(each["id"], each["status"], each.get("reasonCode")) for each in items]


def bench(**knobs: Any) -> Bench:
    clock = ManualClock()
    return Bench(World(knobs=Knobs.from_mapping(knobs), clock=clock), clock)
