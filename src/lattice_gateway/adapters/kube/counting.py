"""Requests to the API server as they go out, each attempt told once: for a metric.

In: a transport. Out: the same transport, and for each request its status, method and host.
"""

from collections.abc import Callable

import httpx2

NO_ANSWER = "<error>"
"""The code of a request without an answer. Parity: client-go's word, which dashboards know."""

Told = Callable[[str, str, str], None]
"""Is told code, method and host; called from whichever thread sends."""


def nobody(_code: str, _method: str, _host: str) -> None:
    """Nobody counts."""


class Counted(httpx2.AsyncBaseTransport):
    """A transport whose requests are told."""

    def __init__(self, transport: httpx2.AsyncBaseTransport, told: Told) -> None:
        self._transport = transport
        self._told = told

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and tell of it as soon as the answer begins."""
        try:
            answer = await self._transport.handle_async_request(request)
        except httpx2.HTTPError:
            self._told(NO_ANSWER, request.method, request.url.netloc.decode())
            raise
        self._told(str(answer.status_code), request.method, request.url.netloc.decode())
        return answer

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


class CountedSync(httpx2.BaseTransport):
    """The same for a thread that waits."""

    def __init__(self, transport: httpx2.BaseTransport, told: Told) -> None:
        self._transport = transport
        self._told = told

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and tell of it as soon as the answer begins."""
        try:
            answer = self._transport.handle_request(request)
        except httpx2.HTTPError:
            self._told(NO_ANSWER, request.method, request.url.netloc.decode())
            raise
        self._told(str(answer.status_code), request.method, request.url.netloc.decode())
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
