"""A shop: one emulator, one controller, and the questions that every test of bad input or faults asks."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.process.manifests import Manifest, route, rule
from tests.process.stage import Controller, Emulator, Stage, until

NUMBERS = count(1)
STEADY, MOVING = "steady", "moving"
"""Routes of the shop: one that stays as it is, one that is changed to see that changes still arrive."""


def moving(path: str = "/moved") -> Manifest:
    """The route that is changed."""
    return route(MOVING, rule(path=path))


@dataclass(slots=True)
class Shop:
    """A stage with an emulator and a controller that has something deployed."""

    stage: Stage
    emulator: Emulator
    controller: Controller

    @asynccontextmanager
    async def nothing_is_lost(self) -> AsyncIterator[None]:
        """What was deployed before stays as it is, and at the end other routes still follow their manifests."""
        before = await self.deployed()
        yield
        after = await self.deployed()
        assert {name: after.get(name) for name in before} == before
        await self.others_work()

    async def deployed(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Ids of services and their rules, without those of the route that ``others_work`` changes."""
        return {name: found for name, found in (await self.emulator.deployed()).items() if name != f"{MOVING}-default"}

    async def others_work(self) -> None:
        """Another route is changed, and Lattice follows."""
        path = f"/moved-{next(NUMBERS)}"
        self.controller.write(f"{MOVING}.yaml", moving(path))

        async def has_moved() -> bool:
            return path in await self.emulator.paths(f"{MOVING}-default")

        await until(has_moved, f"{MOVING} answers {path}\n{self.controller.child.last_words()}")

    def words(self, state: Path | None = None) -> tuple[str, ...]:
        """The command line of another controller on the same source, and the same state directory or another."""
        source = str(self.controller.source)
        where = str(state or self.controller.state)
        return ("run", "--source", source, "--state-dir", where, "--endpoint-url", self.emulator.url)

    async def gone(self, *services: str) -> None:
        """Returns when these Lattice services are there no more."""

        async def are_gone() -> bool:
            return not set(services) & set(await self.emulator.services())

        await until(are_gone, f"services {services} gone\n{self.controller.child.last_words()}")

    async def problem(self, **expected: Any) -> dict[str, Any]:
        """The problem with these members in ``problems.yaml``, as soon as it is there."""
        found: list[dict[str, Any]] = []

        def is_there() -> bool:
            found[:] = [one for one in self.controller.problems() if expected.items() <= one.items()]
            return bool(found)

        await until(is_there, f"a problem with {expected}")
        return found[0]

    async def healthy(self) -> None:
        """Returns when the source has no problem."""
        await until(lambda: not self.controller.problems(), "no problem in the source")

    async def tidy(self) -> None:
        """Takes out everything that is not of the shop itself, and waits until that is seen."""
        for path in self.controller.source.iterdir():
            if path.name not in {"base.yaml", f"{MOVING}.yaml"}:
                path.unlink() if path.is_file() or path.is_symlink() else shutil.rmtree(path)
        await self.healthy()

        async def alone() -> bool:
            return set(await self.emulator.services()) == {f"{STEADY}-default", f"{MOVING}-default"}

        await until(alone, "only the services of the shop are left")
