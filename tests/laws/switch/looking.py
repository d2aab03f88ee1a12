"""One look of ours at a cluster and an account, as ``plan`` has it: what is planned, and what is held."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from lattice_gateway.adapters.kube.catalogue import BUILT_IN, Served
from lattice_gateway.adapters.kube.inheritance import inheritance_of
from lattice_gateway.adapters.kube.reading import Seen, read_item
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.observed import Observed
from lattice_gateway.core.lattice.operations import Operation
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.objects import Kind
from lattice_gateway.core.plan.plan import Plan, Surroundings
from lattice_gateway.core.plan.whole import plan_world
from lattice_gateway.core.translate.differences import Holding
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.survey import Survey
from lattice_gateway.engine.translation import News, Translation
from lattice_gateway.settings import Settings
from tests.laws.engine_cluster import process, rest
from tests.laws.engine_stage import LoopClock, Stage
from tests.laws.switch.manifests import Raw
from tests.unit.kube.making import CLASSES, GATEWAYS, GRANTS, ROUTES

SERVED: Final[Mapping[Kind, Served]] = {
    **BUILT_IN,
    **{each.kind: each for each in (CLASSES, GATEWAYS, GRANTS, ROUTES)},
}


@dataclass(frozen=True)
class Sight:
    """What one look shows; ``held`` in words, by route."""

    desired: Mapping[UnitKey, Desired]
    observed: Mapping[UnitKey, Observed]
    operations: tuple[Operation, ...]
    held: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> list[str]:
        return [type(each).__name__ for each in self.operations]


def seen(raw: Raw) -> Seen:
    return read_item(json.dumps(raw).encode(), SERVED[Kind(raw["kind"])])


def look(stage: Stage, objects: Iterable[Raw], settings: Settings | None = None) -> Sight:
    """Plans everything for a cluster that the Go controller kept until now."""
    return _look(stage, [seen(each) for each in objects], settings or stage.settings)


def keep_watch(stage: Stage, objects: Iterable[Raw]) -> Counter[str]:
    """What a controller writes to Lattice until it is at rest, by operation."""
    found = [seen(each) for each in objects]

    async def scene() -> None:
        controller = process(stage, Left(found))
        running = asyncio.create_task(controller.run())
        await rest(controller)
        controller.stop()
        await running

    stage.wire.log.clear()
    stage.play(scene)
    return stage.wire.writes()


class Left:
    """A cluster that nobody edits any more, as it tells what the Go controller left. Implements ``Source``."""

    def __init__(self, found: Iterable[Seen]) -> None:
        self._found = tuple(found)

    async def changes(self) -> AsyncIterator[Batch]:
        things = tuple(each.thing for each in self._found if each.thing is not None)
        yield Batch(puts=things, inherited={each.ref: inheritance_of(each) for each in self._found}, complete=True)
        await asyncio.Event().wait()


def _look(stage: Stage, found: list[Seen], settings: Settings) -> Sight:
    async def scene() -> Sight:
        survey = Survey(settings, stage.lattice(), LoopClock(), Random(1))
        translation = Translation(settings)
        things = tuple(each.thing for each in found if each.thing is not None)
        facts = {each.ref: inheritance_of(each) for each in found}
        translation.apply(News(puts=things, services=await survey.records(), inherited=facts))
        desired = translation.desired()
        observed = await survey.observed(desired.values())
        planned = plan_world(desired, observed, settings.owner, Surroundings(warm_up_timeout=settings.warm_up_timeout))
        plans = [each.planned for each in planned if isinstance(each.planned, Plan)]
        assert len(plans) == len(planned), "something is refused"
        return Sight(desired, observed, tuple(one for plan in plans for one in plan.operations), _held(translation))

    result: Sight = stage.play(scene)
    return result


def _held(translation: Translation) -> dict[str, tuple[str, ...]]:
    switches = {str(each.ref): each.route.switch for each in translation.topology().routes if each.route}
    return {
        route: tuple(map(str, switch.differences)) for route, switch in switches.items() if isinstance(switch, Holding)
    }
