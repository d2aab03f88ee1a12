"""TLS of the webhook, whose certificate may come later and change at any time without a restart."""

import os
import ssl
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from lattice_gateway.engine.ports import Clock
from lattice_gateway.serve.webhook.certificates import Pair, fault

MOUNTED = Path("/etc/webhook-cert")
"""Parity: where the Go controller's Deployment mounts the Secret (controllers.md §9.2)."""

log = structlog.get_logger(__name__)


class Unavailable(Exception):  # noqa: N818  # reads as what is the case
    """There is no certificate where it should be; the message says why."""


class Certificates(Protocol):
    """Where the webhook's certificate comes from."""

    @property
    def every(self) -> float:
        """Seconds between two looks."""

    async def current(self) -> Pair:
        """The pair as it is now. Raises ``Unavailable``."""


class Files:
    """A pair in two files that somebody else renews, a kubelet or cert-manager."""

    every = 5.0

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key

    async def current(self) -> Pair:
        """Both files as they are now."""
        try:
            return Pair(self._certificate.read_bytes(), self._key.read_bytes())
        except OSError as error:
            raise Unavailable(f"{error.filename}: {error.strerror}") from error


def files_in(folder: Path) -> Files:
    """The pair of a mounted Secret of type ``kubernetes.io/tls``."""
    return Files(folder / "tls.crt", folder / "tls.key")


class Serving:
    """The context of a listener. Each new connection gets the certificate that is in force at that moment.

    Until there is one, connections end with a TLS alert, and ``complaint`` says why.
    """

    def __init__(self, moment: Callable[[], datetime]) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.sni_callback = self._choose
        self._moment = moment
        self._pair: Pair | None = None
        self._chosen: ssl.SSLContext | None = None
        self._fault: str | None = "the webhook's certificate was not looked at yet"

    def complaint(self) -> str | None:
        """Why the webhook cannot be called, None where it can."""
        if self._pair is None:
            return self._fault
        return fault(self._pair, self._moment())

    def use(self, pair: Pair) -> None:
        """Serve this pair from now on; one that cannot be served changes nothing but the complaint."""
        if pair == self._pair:
            return
        why = fault(pair, self._moment())
        if why is not None:
            self.lack(why)
            return
        self._chosen, self._pair, self._fault = _context(pair), pair, None
        log.info("webhook certificate", outcome="in force")

    def lack(self, why: str) -> None:
        """There is no usable certificate; what is in force stays so."""
        if why != self._fault:
            log.warning("webhook certificate", outcome="not usable", error=why)
        self._fault = why

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> int | None:
        if self._chosen is None:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        connection.context = self._chosen
        return None


async def follow(certificates: Certificates, serving: Serving, clock: Clock) -> None:
    """Take over every change of the certificate, as long as the process lives."""
    while True:
        await look(certificates, serving)
        await clock.sleep(certificates.every)


async def look(certificates: Certificates, serving: Serving) -> None:
    """Take over the certificate as it is now."""
    try:
        serving.use(await certificates.current())
    except Unavailable as why:
        serving.lack(str(why))


def _context(pair: Pair) -> ssl.SSLContext:
    """The ssl module reads certificates from files only: one that nobody else may read, for a moment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    handle, name = tempfile.mkstemp(prefix="webhook-", suffix=".pem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pair.certificate + b"\n" + pair.key)
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
    return context
