"""Credential plugins of a kubeconfig: when they run, what they are told, what goes wrong in words."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from lightkube import ConfigError
from lightkube.config.models import NameValue, UserExec

from lattice_gateway.adapters.kube.plugin import PluginAuth, Token, for_lightkube, read_credential

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
V1 = "client.authentication.k8s.io/v1"


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Server:
    """Knows which tokens were used, and takes all but the refused ones."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.used: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.used.append(token)
        return httpx2.Response(401 if token in self.refused else 200)


def plugin(folder: Path, status: str, *, version: str = V1, command: str = "./get-token") -> UserExec:
    """A plugin that counts its runs in a file and answers with a status, in which ``{run}`` is the number."""
    script = folder / "get-token"
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib\n"
        "runs = pathlib.Path(os.environ['RUNS'])\n"
        "runs.write_text(runs.read_text() + os.environ['KUBERNETES_EXEC_INFO'] + '\\n' if runs.exists()"
        " else os.environ['KUBERNETES_EXEC_INFO'] + '\\n')\n"
        "run = len(runs.read_text().splitlines())\n"
        f"print({status!r}.replace('{{run}}', str(run)))\n"
    )
    script.chmod(0o755)
    return UserExec(apiVersion=version, command=command, env=[NameValue(name="RUNS", value=str(folder / "runs"))])


def credential(until: datetime | None = None) -> str:
    end = {"expirationTimestamp": until.isoformat()} if until else {}
    return json.dumps({"kind": "ExecCredential", "status": {"token": "token-{run}", **end}})


def client(auth: PluginAuth, server: Server) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url="http://server", transport=httpx2.MockTransport(server), auth=auth)


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs").read_text().splitlines()]


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
async def test_the_plugin_runs_once_for_all_and_is_told_its_version(tmp_path: Path, version: str) -> None:
    version, server = f"client.authentication.k8s.io/{version}", Server()
    auth = PluginAuth(plugin(tmp_path, credential(), version=version), tmp_path, Clock())

    async with client(auth, server) as http:
        await asyncio.gather(*(http.get("/") for _ in range(5)))

    assert server.used == ["token-1"] * 5
    assert told(tmp_path) == [{"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}]


async def test_a_token_is_replaced_shortly_before_its_end(tmp_path: Path) -> None:
    clock, server = Clock(), Server()
    auth = PluginAuth(plugin(tmp_path, credential(NOON + timedelta(minutes=14))), tmp_path, clock)

    async with client(auth, server) as http:
        for minutes in (0, 13, 0.75):
            clock.now += timedelta(minutes=minutes)
            await http.get("/")

    assert server.used == ["token-1", "token-1", "token-2"]


async def test_a_token_that_the_server_refuses_is_replaced_once(tmp_path: Path) -> None:
    server = Server("token-1", "token-2")
    auth = PluginAuth(plugin(tmp_path, credential()), tmp_path, Clock())

    async with client(auth, server) as http:
        answers = await asyncio.gather(*(http.get("/") for _ in range(3)))

    assert {answer.status_code for answer in answers} == {401}
    assert len(told(tmp_path)) == 2


BAD = {
    "not JSON": ("nonsense", "expected an ExecCredential"),
    "no token": ('{"status": {"clientCertificateData": "x"}}', "found no status.token"),
    "an end that is none": ('{"status": {"token": "t", "expirationTimestamp": "noon"}}', "expirationTimestamp"),
}


@pytest.mark.parametrize(("output", "sentence"), BAD.values(), ids=BAD)
def test_an_answer_that_is_none_is_a_sentence(output: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_credential("aws", output.encode())

    assert sentence in str(error.value)
    assert str(error.value).startswith("aws of the kubeconfig: ")


def test_a_time_without_a_zone_is_utc() -> None:
    found = read_credential("aws", b'{"status": {"token": "t", "expirationTimestamp": "2026-01-01T12:00:00"}}')

    assert found == Token("t", NOON)


async def test_a_plugin_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    missing = UserExec(apiVersion=V1, command="no-such-plugin", installHint="Get it\n  from your administrator.")
    auth = PluginAuth(missing, tmp_path, Clock())

    async with client(auth, Server()) as http:
        with pytest.raises(ConfigError) as error:
            await http.get("/")

    assert str(error.value).startswith("no-such-plugin of the kubeconfig cannot be run: ")
    assert str(error.value).endswith("; Get it from your administrator.")


async def test_a_plugin_that_fails_is_quoted(tmp_path: Path) -> None:
    script = tmp_path / "fails"
    script.write_text("#!/bin/sh\necho 'Token has expired, log in again' >&2\nexit 255\n")
    script.chmod(0o755)
    auth = PluginAuth(UserExec(apiVersion=V1, command="./fails"), tmp_path, Clock())

    async with client(auth, Server()) as http:
        with pytest.raises(ConfigError, match="failed with 255: Token has expired, log in again"):
            await http.get("/")


async def test_a_version_that_nobody_knows_is_named(tmp_path: Path) -> None:
    auth = PluginAuth(UserExec(apiVersion="example.org/v9", command="true"), tmp_path, Clock())

    async with client(auth, Server()) as http:
        with pytest.raises(ConfigError, match=r"found apiVersion 'example.org/v9', expected client.auth.*/v1"):
            await http.get("/")


def test_lightkube_is_given_a_version_that_it_knows_and_the_plugin_is_told_its_own(tmp_path: Path) -> None:
    given = for_lightkube(plugin(tmp_path, credential()), tmp_path)

    assert (given.apiVersion, given.command) == ("client.authentication.k8s.io/v1beta1", str(tmp_path / "get-token"))
    assert [each.name for each in given.env or ()] == ["RUNS", "KUBERNETES_EXEC_INFO"]
    assert V1 in (given.env or ())[-1].value
