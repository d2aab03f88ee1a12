"""Requests to an API server: one attempt each, with the identity and the certificates of lightkube.

lightkube reads kubeconfigs and service accounts, makes the TLS context and keeps tokens fresh (a token file is read
again when the server says 401); plugins for credentials and proxies are our own. Its lists and watches are not used:
they build whole objects, and hide versions and 410 Gone, which ``watching`` has to see.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
import yaml
from lightkube import ConfigError, KubeConfig, SingleConfig
from lightkube.config.client_adapter import AsyncClient, ConnectionParams, verify_cluster
from lightkube.config.models import User
from msgspec import structs

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure, Patch, Query
from lattice_gateway.adapters.kube.counting import Counted, Told, nobody
from lattice_gateway.adapters.kube.kubeconfig import named_files, proxy_url, read_files
from lattice_gateway.adapters.kube.plugin import PluginAuth, for_lightkube
from lattice_gateway.adapters.kube.proxy import proxy_for

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 30.0
SLACK_SECONDS: Final = 10.0
"""How long a connection, an answer, and the end of a watch beyond its time may take."""

CONNECTIONS: Final = 64

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds the token of its service account."""

_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}
"""A peer that is gone without a word is noticed within half a minute, where the system has these options."""


class NotConfigured(Exception):  # noqa: N818  # reads as what is the case
    """There is no usable description of a cluster; the message is a sentence for the user."""


class Client:
    """Implements ``Api``."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str, query: Query) -> bytes:
        """Read an object or a list."""
        return await self._send(self._http.build_request("GET", path, params=dict(query)))

    async def table(self, path: str) -> bytes:
        """A collection as columns and rows."""
        headers = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        return await self._send(
            self._http.build_request("GET", path, params={"includeObject": "None"}, headers=headers)
        )

    async def create(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Create an object in the collection at ``path``."""
        headers = {"Content-Type": "application/json"}
        return await self._send(
            self._http.build_request("POST", path, content=msgspec.json.encode(body), headers=headers)
        )

    async def patch(self, path: str, body: Mapping[str, Any], how: Patch) -> bytes:
        """Change an object or its subresource."""
        headers = {"Content-Type": str(how)}
        return await self._send(
            self._http.build_request("PATCH", path, content=msgspec.json.encode(body), headers=headers)
        )

    async def watch(self, path: str, query: Query, seconds: float) -> AsyncGenerator[list[bytes], None]:
        """Lines of a watch until it ends; none at all as soon as it stands."""
        wanted = {**query, "watch": "true", "timeoutSeconds": str(int(seconds))}
        timeout = httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, read=seconds + SLACK_SECONDS)
        try:
            async with self._http.stream("GET", path, params=wanted, timeout=timeout) as answer:
                await _check(answer)
                yield []
                rest = b""
                async for chunk in answer.aiter_bytes():
                    *lines, rest = (rest + chunk).split(b"\n")
                    if lines:
                        yield lines
        except (httpx2.HTTPError, httpx2.StreamError, ConfigError, OSError) as error:
            raise _unanswered(error) from error

    async def _send(self, request: httpx2.Request) -> bytes:
        try:
            answer = await self._http.send(request)
            await _check(answer)
        except (httpx2.HTTPError, httpx2.StreamError, ConfigError, OSError) as error:
            raise _unanswered(error) from error
        return answer.content


@asynccontextmanager
async def open_client(config: SingleConfig, told: Told = nobody) -> AsyncIterator[Client]:
    """A client for the cluster that ``config`` describes; raises ``NotConfigured``. ``told`` hears of each request."""
    try:
        http = await asyncio.to_thread(_http_client, config, told)
    except (ConfigError, OSError, ValueError) as error:
        raise NotConfigured(f"context {config.context_name}: {error}") from error
    async with http:
        yield Client(http)


def read_config(kubeconfig: Path | None, context: str | None, account: Path = ACCOUNT) -> SingleConfig:
    """The description of a cluster; raises ``NotConfigured``.

    Without a file: the service account of the pod, else what KUBECONFIG names, else ``~/.kube/config``.
    ``context`` None is the current one; ``account`` is the folder of the service account.
    """
    where = str(kubeconfig or os.environ.get("KUBECONFIG", "~/.kube/config"))
    try:
        found = KubeConfig.from_file(kubeconfig) if kubeconfig else _found(account)
        config = found.get(context)
    except ConfigError as error:
        raise NotConfigured(str(error)) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise NotConfigured(f"{where} is no kubeconfig: {type(error).__name__} {error}") from error
    if config is None:
        raise NotConfigured(f"{where} names no current context")
    return config._replace(user=config.user or User())


def _found(account: Path) -> KubeConfig:
    """Without a file: the pod's, else what the environment names, which may be several files; else the usual one."""
    several = named_files(os.environ)
    if len(several) > 1 and not (account / "token").exists():
        return read_files(several)
    return KubeConfig.from_env(account)


def proxy_of(config: SingleConfig) -> str | None:
    """The proxy that leads to the API server: the one of its kubeconfig, else that of the environment."""
    return proxy_url(config, os.environ) or proxy_for(config.cluster.server, os.environ)


def with_plugin_of_lightkube(config: SingleConfig) -> SingleConfig:
    """The same for lightkube's own client; raises ``ConfigError``."""
    if config.user is None or config.user.exec is None:
        return config
    plugin = for_lightkube(config.user.exec, _folder(config))
    return config._replace(user=structs.replace(config.user, exec=plugin))


def _http_client(config: SingleConfig, told: Told) -> httpx2.AsyncClient:
    tls = verify_cluster(config.cluster, config.user or User(), config.abs_file)
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    transport = httpx2.AsyncHTTPTransport(
        verify=tls, limits=limits, socket_options=_socket_options(), proxy=proxy_of(config)
    )
    timeout = httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    http = AsyncClient(config, ConnectionParams(timeout=timeout, transport=Counted(transport, told)))  # type: ignore[arg-type]  # lightkube names the transport of its blocking client
    if config.user is not None and config.user.exec is not None:
        http.auth = PluginAuth(config.user.exec, _folder(config), lambda: datetime.now(UTC))
    http.headers["Accept"] = "application/json"
    http.headers["User-Agent"] = "lattice-gateway"
    return http


def _folder(config: SingleConfig) -> Path:
    return Path(config.fname).parent if config.fname else Path.cwd()


def _socket_options() -> list[tuple[int, int, int]]:
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in _KEEP_ALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            options.append((socket.IPPROTO_TCP, option, value))
    return options


async def _check(answer: httpx2.Response) -> None:
    """Raise ``KubeFailure`` unless the answer is a success."""
    if answer.is_success:
        return
    raise KubeFailure(refusal(answer.status_code, await answer.aread(), answer.headers.get("Retry-After", "")))


def refusal(status: int, body: bytes, retry_after: str) -> KubeError:
    """What an answer other than a success says; its body is a ``Status`` of the API, or any text."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.DecodeError:
        said = None
    fields = said if isinstance(said, dict) else {"message": body.decode(errors="replace").strip()[:200]}
    return KubeError(
        status=status,
        reason=str(fields.get("reason") or ""),
        message=str(fields.get("message") or "no message"),
        retry_after=float(retry_after) if retry_after.isdecimal() else 0.0,
    )


def _unanswered(error: Exception) -> KubeFailure:
    return KubeFailure(KubeError(message=f"{type(error).__name__} {error}".strip()))
