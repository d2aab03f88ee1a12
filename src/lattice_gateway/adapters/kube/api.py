"""What this package needs of an API server, and what can go wrong with it.

In: paths, queries and bodies. Out: the bytes of answers, or ``KubeFailure`` with the error as a value.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Protocol

from lattice_gateway.core.objects import Ref

Query = Mapping[str, str]
MayWrite = Callable[[], bool]
"""Whether this replica may change anything at this moment."""


class Patch(StrEnum):
    """Media types of changes."""

    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeError:
    """An answer that is a refusal, or none at all.

    ``status`` is that of HTTP, 0 where no answer came. ``reason`` is the API's word (``Conflict``, ``Expired``), empty
    where it has none. ``retry_after`` is the number of seconds the server asks for, 0 where it asks for nothing.
    """

    status: int = 0
    reason: str = ""
    message: str = ""
    retry_after: float = 0.0

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}" if self.status else f"no answer: {self.message}"

    @property
    def expired(self) -> bool:
        """Whether the version that was asked for is history: the objects must be listed anew."""
        return self.status == HTTPStatus.GONE

    @property
    def absent(self) -> bool:
        """Whether the object, or its kind, is not there."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def conflict(self) -> bool:
        """Whether somebody else was faster."""
        return self.status == HTTPStatus.CONFLICT

    @property
    def invalid(self) -> bool:
        """Whether the object cannot become what was sent, as where another one of its name has another uid."""
        return self.status == HTTPStatus.UNPROCESSABLE_ENTITY

    @property
    def forbidden(self) -> bool:
        """Whether the role does not allow it."""
        return self.status == HTTPStatus.FORBIDDEN

    @property
    def lasting(self) -> bool:
        """Whether the same request would be refused again: it is wrong, or not allowed."""
        return HTTPStatus.BAD_REQUEST <= self.status < HTTPStatus.INTERNAL_SERVER_ERROR and self.status not in _PASSING


_PASSING = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
)


class KubeFailure(Exception):  # noqa: N818  # the error is the value it carries
    """A request to the API server that was refused or not answered."""

    def __init__(self, error: KubeError) -> None:
        super().__init__(str(error))
        self.error = error


class Api(Protocol):
    """One attempt at one request each; all raise ``KubeFailure``."""

    async def get(self, path: str, query: Query) -> bytes:
        """Read an object or a list."""

    async def table(self, path: str) -> bytes:
        """A collection as people see it: columns and rows, without the objects."""

    async def create(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Create an object in the collection at ``path``; the object as it is then."""

    async def patch(self, path: str, body: Mapping[str, Any], how: Patch) -> bytes:
        """Change an object or its subresource; the object as it is then."""

    def watch(self, path: str, query: Query, seconds: float) -> AsyncGenerator[list[bytes], None]:
        """Lines of a watch, those that came together in one list, until it ends; the first list is empty.

        ``seconds`` is how long the server is asked to go on; a connection that is silent for longer is dead.
        """


class Places(Protocol):
    """Where objects are found."""

    def path(self, ref: Ref) -> str | None:
        """The path of an object, None while its kind is not installed."""

    def status_path(self, ref: Ref) -> str | None:
        """The path of its status, None where the kind has none."""
