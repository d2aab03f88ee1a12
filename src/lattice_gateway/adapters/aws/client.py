"""The live ``Lattice``: aiobotocore clients with retries off; one method call, one request on the wire."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from lattice_gateway.adapters.aws.errors import broken, refused, unanswered
from lattice_gateway.adapters.aws.queries import query
from lattice_gateway.adapters.aws.requests import LATTICE, STS, TAGGING, Request, answer, request
from lattice_gateway.adapters.aws.timestamps import read_timestamp
from lattice_gateway.core.lattice.operations import BatchUpdateRule, Operation
from lattice_gateway.core.lattice.outcome import Answer, ErrorKind, LatticeError
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.reads import Read
from lattice_gateway.settings import LOOPBACK_ACCOUNT, Settings, is_loopback

T = TypeVar("T")
Call = Callable[..., Awaitable[Mapping[str, Any]]]

SERVICES = (LATTICE, TAGGING, STS)
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
"""Seconds without a byte of the answer."""
CALL_TIMEOUT = 60.0
"""Seconds for a whole call, however slowly its answer trickles in."""
CONNECTIONS = 64
AGENT = "lattice-gateway/0.1"


class AwsLattice:
    """VPC Lattice, the tagging API and STS behind the engine's port."""

    def __init__(self, clients: Mapping[str, Any]) -> None:
        self._clients = clients

    async def perform(self, operation: Operation, token: str) -> Answer:
        """Send one operation; raises ``LatticeFailure``.

        A batch that the service carried out in part is a conflict: what is there must be read again.
        """
        sent = request(operation, token)
        got = answer(await self._send(sent, mutating=True))
        if isinstance(operation, BatchUpdateRule) and got.failed_targets:
            raise LatticeFailure(_partial(sent, got))
        return got

    async def read(self, read: Read[T]) -> T:
        """Answer one read; raises ``LatticeFailure``."""
        asked = query(read)
        return asked.value(await self._send(asked.request, mutating=False))

    async def _send(self, sent: Request, *, mutating: bool) -> Mapping[str, Any]:
        call: Call = getattr(self._clients[sent.service], xform_name(sent.operation))
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                return await call(**sent.members)
        except TimeoutError as error:
            raise LatticeFailure(unanswered(sent.operation, CALL_TIMEOUT, mutating=mutating)) from error
        except ClientError as error:
            raise LatticeFailure(refused(sent.operation, error, mutating=mutating)) from error
        except BotoCoreError as error:
            raise LatticeFailure(broken(sent.operation, error, mutating=mutating)) from error


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[AwsLattice]:
    """Clients for as long as the context lasts.

    A loopback endpoint serves every API and needs no credentials (decision 41); elsewhere an endpoint stands for VPC
    Lattice alone, and everything else is the SDK's own choice.
    """
    local = is_loopback(settings.endpoint)
    session = get_session()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=read_timestamp)
    async with AsyncExitStack() as stack:
        clients = {
            service: await stack.enter_async_context(
                session.create_client(
                    service,
                    region_name=settings.region,
                    endpoint_url=settings.endpoint if local or service == LATTICE else None,
                    config=_config(),
                    **(_dummy_credentials(settings) if local else {}),
                )
            )
            for service in SERVICES
        }
        yield AwsLattice(clients)


def _config() -> AioConfig:
    return AioConfig(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 1},
        user_agent_extra=AGENT,
        parameter_validation=True,
    )


def _dummy_credentials(settings: Settings) -> dict[str, str]:
    """An access key that the emulator reads as our account: the account's number where it is not the default."""
    account = settings.owner.account or LOOPBACK_ACCOUNT
    return {"aws_access_key_id": account, "aws_secret_access_key": "loopback"}


def _partial(sent: Request, got: Answer) -> LatticeError:
    parts = "; ".join(f"{place}: {reason}" for place, reason in got.failed_targets)
    return LatticeError(kind=ErrorKind.CONFLICT, operation=sent.operation, code="PartialFailure", message=parts)
