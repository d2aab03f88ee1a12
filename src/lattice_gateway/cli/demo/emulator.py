"""What the demo asks the emulator beside the API: where traffic goes in, and what is left over."""

from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """A Lattice service's own address on this machine, and the bound port for each of its listeners' ports."""

    address: str
    ports: dict[int, int]


@dataclass(slots=True)
class Emulator:
    """A running emulator at ``url``."""

    url: str
    session: aiohttp.ClientSession

    async def front_door(self) -> str | None:
        """``http://host:port`` that chooses a service by Host; None where no traffic is carried."""
        answer = await self._ask("url")
        return answer["front_door"]  # type: ignore[no-any-return]  # the admin API's text or null

    async def addresses(self) -> dict[str, ServiceAddress]:
        """Addresses by Lattice service id."""
        services = (await self._ask("url"))["services"]
        return {
            service: ServiceAddress(where["address"], {int(port): bound for port, bound in where["ports"].items()})
            for service, where in services.items()
        }

    async def counts(self) -> dict[str, int]:
        """How many resources of each type exist, zeros left out."""
        return {kind: count for kind, count in (await self._ask("counts")).items() if count}

    async def _ask(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/_emulator/{path}", raise_for_status=True) as response:
            return await response.json()
