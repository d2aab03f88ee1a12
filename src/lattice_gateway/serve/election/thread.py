"""The thread that keeps the lease: a busy event loop does not lose it."""

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import structlog

from lattice_gateway.serve.election.campaign import Campaign
from lattice_gateway.serve.election.standing import Standing, described

log = structlog.get_logger(__name__)

STUCK = 30.0
"""Seconds without a look after which the thread is stuck; its requests end after a few."""


class Election:
    """A campaign that runs until ``resign``.

    ``broken`` is called in the thread if a bug ends it: then the process should end too. ``now`` is in seconds.
    """

    def __init__(
        self, campaign: Campaign, broken: Callable[[], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._campaign = campaign
        self._broken = broken
        self._now = now
        self._stop = threading.Event()
        self._looked = now()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    @property
    def standing(self) -> Standing:
        """Where we stand among the others."""
        return self._campaign.standing

    def start(self) -> None:
        """Begin to campaign."""
        self._looked = self._now()
        self._thread.start()

    def resign(self, patience: float) -> bool:
        """Give the lease back and end, within so many seconds; whether that was done. Blocks: call it in a thread.

        What was to be written must have been answered by now.
        """
        self._stop.set()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def stuck(self) -> str | None:
        """What is wrong with the thread, None while it looks at the lease again and again."""
        if not self._thread.is_alive():
            return "the thread that renews the Lease does not run"
        silent = self._now() - self._looked
        return f"the Lease was not looked at for {silent:.0f} s" if silent > STUCK else None

    def _run(self) -> None:
        try:
            self._campaign_on()
        except Exception:
            log.exception("bug", thread="lease")
            self._broken()

    def _campaign_on(self) -> None:
        told: Told = (None, None)
        while True:
            pause = self._campaign.step()
            self._looked = self._now()
            told = _tell(told, self._campaign)
            if self._stop.wait(pause):
                break
        self._campaign.resign()
        _tell(told, self._campaign)


Told: TypeAlias = tuple[str | None, str | None]
"""What was logged last: the standing, and why other namespaces cannot be seen."""


def _tell(told: Told, campaign: Campaign) -> Told:
    """Log what differs from what was logged last."""
    words, blind = described(campaign.standing), campaign.blind
    if words != told[0]:
        log.info("lease", standing=words)
    if blind is not None and blind != told[1]:
        log.warning("lease", outcome="other installations cannot be seen", error=blind)
    return words, blind
