"""Which proxy leads to an API server."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from lattice_gateway.adapters.kube.api import KubeFailure
from lattice_gateway.adapters.kube.client import open_client, proxy_of, read_config
from lattice_gateway.adapters.kube.counting import Counted, CountedSync
from lattice_gateway.adapters.kube.proxy import proxy_for

PROXY = "http://proxy:3128"
EKS = "https://abc.gr7.eu-west-1.eks.example"
INSIDE = "https://172.20.0.1"


@pytest.mark.parametrize(
    ("server", "environment", "proxy"),
    [
        pytest.param(EKS, {}, None, id="none is set"),
        pytest.param(EKS, {"HTTPS_PROXY": PROXY}, PROXY, id="it is set"),
        pytest.param(EKS, {"https_proxy": "proxy:3128"}, PROXY, id="in small letters, without a scheme"),
        pytest.param(EKS, {"HTTP_PROXY": PROXY}, None, id="for another scheme"),
        pytest.param("http://api.example", {"HTTP_PROXY": PROXY}, PROXY, id="http"),
        pytest.param("https://127.0.0.1:6443", {"HTTPS_PROXY": PROXY}, None, id="this machine"),
        pytest.param("https://localhost:6443", {"HTTPS_PROXY": PROXY}, None, id="this machine by name"),
        pytest.param("https://[::1]:6443", {"HTTPS_PROXY": PROXY}, None, id="this machine, version 6"),
        pytest.param(EKS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, None, id="nothing goes through it"),
        pytest.param(EKS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "a, .eks.example"}, None, id="a domain"),
        pytest.param(EKS, {"HTTPS_PROXY": PROXY, "no_proxy": "eks.example"}, None, id="a domain without its dot"),
        pytest.param(EKS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.eks.example"}, None, id="a domain with a star"),
        pytest.param(EKS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "ks.example,x"}, PROXY, id="the end of a name"),
        pytest.param(INSIDE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "172.20.0.0/16"}, None, id="a network"),
        pytest.param(INSIDE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, PROXY, id="another network"),
        pytest.param(INSIDE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "172.20.0.1"}, None, id="an address"),
        pytest.param("https://[fd00::1]", {"HTTPS_PROXY": PROXY, "NO_PROXY": "fd00::/8"}, None, id="version 6"),
        pytest.param(INSIDE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "172.20.0.1:443"}, None, id="an address and its port"),
        pytest.param(INSIDE, {"HTTPS_PROXY": PROXY, "NO_PROXY": "172.20.0.1:80"}, PROXY, id="another port"),
    ],
)
def test_the_environment_decides_as_for_kubectl(server: str, environment: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(server, environment) == proxy


@pytest.mark.parametrize("named", [None, "http://named:8080"], ids=["of the environment", "of the kubeconfig"])
def test_the_kubeconfig_has_the_first_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None) -> None:
    cluster: dict[str, Any] = {"server": EKS, **({"proxy-url": named} if named else {})}
    file = tmp_path / "kubeconfig"
    contexts = [{"name": "x", "context": {"cluster": "c"}}]
    file.write_text(
        yaml.safe_dump({"clusters": [{"name": "c", "cluster": cluster}], "contexts": contexts, "users": []})
    )
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert proxy_of(read_config(file, "x")) == (named or PROXY)


def answer(request: httpx2.Request) -> httpx2.Response:
    if request.url.path == "/down":
        raise httpx2.ConnectError("refused")
    return httpx2.Response(404 if request.url.path == "/none" else 200)


TOLD = [
    ("200", "GET", "api.example:6443"),
    ("404", "PATCH", "api.example:6443"),
    ("<error>", "GET", "api.example:6443"),
]


async def test_each_request_is_told_by_code_method_and_host() -> None:
    told: list[tuple[str, str, str]] = []
    transport = Counted(httpx2.MockTransport(answer), lambda *labels: told.append(labels))

    async with httpx2.AsyncClient(base_url="https://api.example:6443", transport=transport) as http:
        await http.get("/one")
        await http.patch("/none")
        with pytest.raises(httpx2.ConnectError):
            await http.get("/down")

    assert told == TOLD


def test_each_request_of_a_thread_is_told_too() -> None:
    told: list[tuple[str, str, str]] = []
    transport = CountedSync(httpx2.MockTransport(answer), lambda *labels: told.append(labels))

    with httpx2.Client(base_url="https://api.example:6443", transport=transport) as http:
        http.get("/one")
        http.patch("/none")
        with pytest.raises(httpx2.ConnectError):
            http.get("/down")

    assert told == TOLD


async def test_requests_go_through_the_proxy_of_the_kubeconfig(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).strip())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cluster = {"server": "https://api.example:6443", "proxy-url": f"http://127.0.0.1:{port}"}
    file = tmp_path / "kubeconfig"
    contexts = [{"name": "x", "context": {"cluster": "c"}}]
    file.write_text(yaml.safe_dump({"clusters": [{"name": "c", "cluster": cluster}], "contexts": contexts}))

    async with server, open_client(read_config(file, "x")) as client:
        with pytest.raises(KubeFailure, match="403"):
            await client.get("/api", {})

    assert asked == [b"CONNECT api.example:6443 HTTP/1.1"]
