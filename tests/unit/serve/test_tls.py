"""A listener whose certificate comes late, changes, and is never a broken one."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession, TCPConnector, web
from cryptography import x509

from lattice_gateway.serve.web import Address, listening
from lattice_gateway.serve.webhook.certificates import Issued, Pair, fault, issue, names_of
from lattice_gateway.serve.webhook.tls import Serving, files_in, follow, look

NOW = datetime.now(UTC)
NAMES = names_of("webhook-service", "gateway-home")
FIRST, SECOND = issue(NAMES, NOW), issue(NAMES, NOW)


def serving() -> Serving:
    return Serving(lambda: NOW)


def test_a_pair_made_for_a_service_has_its_names_and_lasts() -> None:
    certificate = x509.load_pem_x509_certificate(FIRST.pair.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == [
        "webhook-service.gateway-home.svc",
        "webhook-service.gateway-home.svc.cluster.local",
    ]
    assert certificate.not_valid_after_utc - NOW > timedelta(days=36499)
    assert certificate.issuer == x509.load_pem_x509_certificate(FIRST.authority).subject


def test_a_pair_for_a_long_name_can_be_made() -> None:
    names = names_of("w" * 63, "n" * 63)

    assert fault(issue(names, NOW).pair, NOW) is None


def test_a_pair_hides_its_key() -> None:
    assert "PRIVATE" not in repr(FIRST)


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        pytest.param(FIRST.pair, None, id="a good one"),
        pytest.param(Pair(b"", b""), "is empty", id="placeholders"),
        pytest.param(Pair(FIRST.pair.certificate, b" \n"), "is empty", id="no key"),
        pytest.param(Pair(b"odd", FIRST.pair.key), "not PEM", id="no certificate"),
        pytest.param(Pair(FIRST.pair.certificate, b"odd"), "not PEM", id="an odd key"),
        pytest.param(Pair(FIRST.pair.certificate, SECOND.pair.key), "not the certificate's", id="half replaced"),
        pytest.param(issue(NAMES, NOW + timedelta(days=2)).pair, "is valid from", id="not valid yet"),
    ],
)
def test_what_cannot_be_served_is_said_to_be_so(pair: Pair, says: str | None) -> None:
    found = fault(pair, NOW)

    assert found is None if says is None else says in (found or "")


def test_a_pair_that_has_run_out_is_said_to_be_so() -> None:
    assert "is valid from" in (fault(FIRST.pair, NOW + timedelta(days=36501)) or "")


async def test_without_a_certificate_nobody_is_answered_and_the_complaint_says_why(tmp_path: Path) -> None:
    tls = serving()
    await look(files_in(tmp_path), tls)

    async with a_server(tls) as url:
        with pytest.raises(ClientConnectionError):
            await called(url, FIRST)

    assert (tls.complaint() or "").endswith("tls.crt: No such file or directory")


async def test_a_certificate_that_comes_later_is_served_without_a_restart(tmp_path: Path) -> None:
    tls, files = serving(), files_in(tmp_path)
    async with a_server(tls) as url:
        await look(files, tls)
        _write(tmp_path, FIRST.pair)
        await look(files, tls)
        first = await called(url, FIRST)
        _write(tmp_path, SECOND.pair)
        await look(files, tls)
        second = await called(url, SECOND)
        with pytest.raises(ClientConnectionError):
            await called(url, FIRST)

    assert (first, second, tls.complaint()) == ("answered", "answered", None)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(Pair(SECOND.pair.certificate, FIRST.pair.key), id="half replaced"),
        pytest.param(Pair(b"", b""), id="emptied"),
        pytest.param(None, id="gone"),
    ],
)
async def test_a_bad_change_leaves_the_good_certificate_in_force(bad: Pair | None, tmp_path: Path) -> None:
    tls, files = serving(), files_in(tmp_path)
    _write(tmp_path, FIRST.pair)
    async with a_server(tls) as url:
        await look(files, tls)
        if bad is None:
            (tmp_path / "tls.key").unlink()
        else:
            _write(tmp_path, bad)
        await look(files, tls)

        assert await called(url, FIRST) == "answered"

    assert tls.complaint() is None


def test_a_certificate_that_runs_out_while_it_is_served_is_complained_about() -> None:
    moments = [NOW]
    tls = Serving(lambda: moments[-1])
    tls.use(FIRST.pair)
    moments.append(NOW + timedelta(days=36501))

    assert "is valid from" in (tls.complaint() or "")


async def test_the_certificate_is_looked_at_again_and_again(tmp_path: Path) -> None:
    tls, slept = serving(), asyncio.Semaphore(0)

    class Clock:
        def now(self) -> float:
            return 0.0

        def wall(self) -> float:
            return 0.0

        async def sleep(self, _seconds: float) -> None:
            await slept.acquire()

    following = asyncio.create_task(follow(files_in(tmp_path), tls, Clock()))
    await asyncio.sleep(0)
    before = tls.complaint()
    _write(tmp_path, FIRST.pair)
    slept.release()
    await asyncio.sleep(0.01)
    following.cancel()

    assert before is not None
    assert tls.complaint() is None


def test_no_key_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    serving().use(FIRST.pair)

    assert not list(tmp_path.iterdir())


@asynccontextmanager
async def a_server(tls: Serving) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="answered")

    application = web.Application()
    application.router.add_get("/", answer)
    async with listening(application, Address("127.0.0.1", 0), tls.context) as port:
        yield f"https://127.0.0.1:{port}/"


async def called(url: str, trusted: Issued) -> str:
    """As an API server calls a Service: by its name, trusting one authority."""
    context = ssl.create_default_context(cadata=trusted.authority.decode())
    async with (
        ClientSession(connector=TCPConnector(ssl=context)) as session,
        session.get(url, server_hostname=NAMES[0]) as response,
    ):
        return await response.text()


def _write(folder: Path, pair: Pair) -> None:
    (folder / "tls.crt").write_bytes(pair.certificate)
    (folder / "tls.key").write_bytes(pair.key)
