"""Credentials from a plugin that the kubeconfig names, as ``aws eks get-token`` gives them.

In: the kubeconfig's ``exec`` section. Out: a bearer token for each request, asked for anew shortly before it expires
and when the server no longer knows it. Kubernetes: client.authentication.k8s.io, v1 and v1beta1.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx2
import msgspec
from lightkube import ConfigError
from lightkube.config.models import NameValue, UserExec
from msgspec import structs

GROUP: Final = "client.authentication.k8s.io"
VERSIONS: Final = (f"{GROUP}/v1", f"{GROUP}/v1beta1", f"{GROUP}/v1alpha1")
INFO: Final = "KUBERNETES_EXEC_INFO"
"""The variable in which a plugin is told which version it should speak."""

EARLY: Final = timedelta(seconds=30)
"""How long before its end a token is replaced."""

SECONDS: Final = 60.0
"""How long a plugin may take: some of them ask a browser."""


class _Status(msgspec.Struct, frozen=True):
    token: str = ""
    expirationTimestamp: datetime | None = None  # noqa: N815  # the API's spelling


class _Credential(msgspec.Struct, frozen=True):
    status: _Status = _Status()


@dataclass(frozen=True, slots=True)
class Token:
    """A token; ``until`` None: it says nothing of its end."""

    text: str
    until: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it will be accepted for a while."""
        return self.until is None or now < self.until - EARLY


class PluginAuth(httpx2.Auth):
    """Signs requests; the plugin runs once for all that wait. Every failure is a ``ConfigError`` with a sentence."""

    def __init__(self, plugin: UserExec, folder: Path, now: Callable[[], datetime]) -> None:
        self._plugin = plugin
        self._folder = folder
        self._now = now
        self._token: Token | None = None
        self._asking = asyncio.Lock()

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """A request with a token, and with a new one where the server refuses the first."""
        token = await self._good(None)
        request.headers["Authorization"] = f"Bearer {token.text}"
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            token = await self._good(token)
            request.headers["Authorization"] = f"Bearer {token.text}"
            yield request

    async def _good(self, refused: Token | None) -> Token:
        """The token at hand if it is good and not the one that was refused, else a new one."""
        async with self._asking:
            known = self._token
            if known is None or known is refused or not known.is_good(self._now()):
                known = read_credential(self._plugin.command, await self._run())
                self._token = known
            return known

    async def _run(self) -> bytes:
        words = [command_of(self._plugin, self._folder), *(self._plugin.args or ())]
        try:
            async with asyncio.timeout(SECONDS):
                return await _output(words, environment_of(self._plugin, os.environ))
        except TimeoutError:
            raise ConfigError(f"{self._plugin.command} of the kubeconfig gave no token within {SECONDS:g} s") from None
        except OSError as error:
            hint = f"; {' '.join(self._plugin.installHint.split())}" if self._plugin.installHint else ""
            raise ConfigError(f"{self._plugin.command} of the kubeconfig cannot be run: {error}{hint}") from error


def read_credential(command: str, output: bytes) -> Token:
    """The token in the output of a plugin; raises ``ConfigError``."""
    try:
        status = msgspec.json.decode(output, type=_Credential).status
    except msgspec.DecodeError as error:
        raise ConfigError(f"{command} of the kubeconfig: found {error}, expected an ExecCredential") from error
    if not status.token:
        raise ConfigError(
            f"{command} of the kubeconfig: found no status.token, expected one; certificates are not read"
        )
    until = status.expirationTimestamp
    return Token(status.token, until.replace(tzinfo=UTC) if until is not None and until.tzinfo is None else until)


def command_of(plugin: UserExec, folder: Path) -> str:
    """The program; a path is relative to the folder of the kubeconfig, a bare name is looked for in PATH."""
    return str(folder / plugin.command) if "/" in plugin.command else plugin.command


def environment_of(plugin: UserExec, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of the plugin; raises ``ConfigError`` for a version that nobody knows."""
    if plugin.apiVersion not in VERSIONS:
        raise ConfigError(f"exec of the kubeconfig: found apiVersion {plugin.apiVersion!r}, expected {VERSIONS[0]}")
    info = {"apiVersion": plugin.apiVersion, "kind": "ExecCredential", "spec": {"interactive": False}}
    own = {each.name: each.value for each in plugin.env or ()}
    return {**environment, **own, INFO: msgspec.json.encode(info).decode()}


def for_lightkube(plugin: UserExec, folder: Path) -> UserExec:
    """The same plugin for lightkube's own client, which knows the older versions only; what they answer is the same."""
    told = NameValue(name=INFO, value=environment_of(plugin, {})[INFO])
    return structs.replace(
        plugin,
        apiVersion=VERSIONS[1],
        command=command_of(plugin, folder),
        env=[*(plugin.env or ()), told],
    )


async def _output(words: list[str], environment: Mapping[str, str]) -> bytes:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        output, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        why = said.decode(errors="replace").strip() or "no message"
        raise ConfigError(f"{words[0]} of the kubeconfig failed with {process.returncode}: {why}")
    return output
