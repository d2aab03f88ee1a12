"""The instance metadata service, version 2 only (a token first), with timeouts that fit a start-up."""

import asyncio
from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientTimeout

ADDRESS = "http://169.254.169.254"
"""AWS: link-local address of the service on every instance."""
PATIENCE = 1.0
"""Seconds for one request; it is answered on the same machine."""
TRIES = 2
LIFETIME = "300"
"""Seconds that a token is good for."""


class Unanswered(Exception):  # noqa: N818  # reads as what is the case
    """A question that has no answer; the message says why, and what to look at."""


class Metadata:
    """Answers by path, such as ``meta-data/placement/region``; ``patience`` is for one request, in seconds."""

    def __init__(self, session: ClientSession, address: str = ADDRESS, patience: float = PATIENCE) -> None:
        self._session = session
        self._address = address.rstrip("/")
        self._timeout = ClientTimeout(total=patience)
        self._asking = asyncio.Lock()
        self._token: str | Unanswered | None = None

    async def get(self, path: str) -> str:
        """The text at ``path``, trimmed. Raises ``Unanswered``."""
        headers = {"X-aws-ec2-metadata-token": await self._ticket()}
        text = (await self._send("GET", f"/latest/{path}", headers)).strip()
        if not text:
            raise Unanswered(f"EC2 metadata has nothing at {path}")
        return text

    async def _ticket(self) -> str:
        """One token for all, asked for by whoever comes first; without one there is no second try."""
        async with self._asking:
            if self._token is None:
                self._token = await self._new_token()
        if isinstance(self._token, Unanswered):
            raise self._token
        return self._token

    async def _new_token(self) -> str | Unanswered:
        try:
            return await self._send("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": LIFETIME})
        except Unanswered as why:
            return why

    async def _send(self, method: str, path: str, headers: dict[str, str]) -> str:
        problem = Unanswered("EC2 metadata was not asked")
        for _ in range(TRIES):
            try:
                return await self._once(method, path, headers)
            except TimeoutError:
                problem = Unanswered(
                    f"EC2 metadata at {self._address} does not answer (a pod needs a hop limit of 2 on its instance)"
                )
            except ClientError as error:
                problem = Unanswered(f"EC2 metadata at {self._address} cannot be reached: {error}")
        raise problem

    async def _once(self, method: str, path: str, headers: dict[str, str]) -> str:
        async with self._session.request(
            method, self._address + path, headers=headers, timeout=self._timeout, allow_redirects=False
        ) as response:
            if response.status == HTTPStatus.OK:
                return await response.text()
            raise Unanswered(f"EC2 metadata answers {response.status} at {path}")
