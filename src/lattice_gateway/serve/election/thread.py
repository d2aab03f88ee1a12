"""The thread that keeps the lease: a busy event loop does not lose it."""

import threading
from collections.abc import Callable
from time import monotonic

import structlog

from lattice_gateway.serve.election.campaign import Campaign
from lattice_gateway.serve.election.standing import Standing, described

log = structlog.get_logger(__name__)

STUCK = 30.0
"""Seconds without a look after which the thread is stuck; its requests end after a few."""


class Election:
    """A campaign that runs until ``resign``.

    ``ended`` is called once, in the thread, if a bug ends it: then the process should end too.
    """

    def __init__(self, campaign: Campaign, ended: Callable[[], None]) -> None:
        self._campaign = campaign
        self._ended = ended
        self._stop = threading.Event()
        self._looked = monotonic()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    @property
    def standing(self) -> Standing:
        """Where we stand among the others."""
        return self._campaign.standing

    def start(self) -> None:
        """Begin to campaign."""
        self._looked = monotonic()
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
        silent = monotonic() - self._looked
        return f"the Lease was not looked at for {silent:.0f} s" if silent > STUCK else None

    def _run(self) -> None:
        try:
            self._campaign_on()
        except BaseException:
            log.exception("bug", thread="lease")
            raise
        finally:
            self._ended()

    def _campaign_on(self) -> None:
        told = ""
        while True:
            pause = self._campaign.step()
            self._looked = monotonic()
            told = _tell(told, self._campaign.standing)
            if self._stop.wait(pause):
                break
        self._campaign.resign()
        _tell(told, self._campaign.standing)


def _tell(told: str, standing: Standing) -> str:
    """Log the standing where it differs from what was logged last."""
    words = described(standing)
    if words != told:
        log.info("lease", standing=words)
    return words
