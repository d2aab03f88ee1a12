"""Envoy's admin endpoint on its Unix socket: what is live, and what was refused."""

from collections.abc import Mapping
from typing import Any

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=5)
_WARMING = r"^cluster_manager\.warming_clusters$|^listener_manager\.total_listeners_warming$"
UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)


class Admin:
    """Asks one Envoy; every call raises one of `UNREACHABLE` while it is not there."""

    def __init__(self, socket: str) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=socket, force_close=True), timeout=_TIMEOUT
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def ready(self) -> bool:
        """Whether Envoy serves: its first configuration is live."""
        async with self._session.get("http://envoy/ready") as answer:
            return answer.status == 200

    async def versions(self) -> Mapping[str, str]:
        """The version of every watched file that is live, by the statistic's name."""
        return await self._stats("TextReadouts", r"version_text$")

    async def refused(self) -> Mapping[str, int]:
        """How often a file, or a part of it, was refused, by the statistic's name."""
        return await self._stats("Counters", r"ds\..*update_rejected$|lds\.update_rejected$")

    async def warming(self) -> int:
        """How many clusters and listeners were accepted but do not serve yet."""
        return sum((await self._stats("Gauges", _WARMING)).values())

    async def _stats(self, kind: str, pattern: str) -> Mapping[str, Any]:
        query = {"format": "json", "type": kind, "filter": pattern}
        async with self._session.get("http://envoy/stats", params=query) as answer:
            answer.raise_for_status()
            found = await answer.json(content_type=None)
        return {stat["name"]: stat["value"] for stat in found["stats"] if "name" in stat}
