"""What a source says of itself, in the log: each thing once, when it becomes true.

In: batches. Out: a line for each new problem, for kinds that are skipped, and for a deletion that is held. The same
problems stand in the status directory; the log is where a person looks first.
"""

import structlog

from lattice_gateway.engine.feed import Batch, MassDeletion, Problem

log = structlog.get_logger(__name__)


class SourceNews:
    """Remembers what was told, so that a batch tells only what is new."""

    def __init__(self) -> None:
        self._problems: frozenset[Problem] = frozenset()
        self._skipped: dict[str, int] = {}
        self._held: MassDeletion | None = None

    def tell(self, batch: Batch) -> None:
        """Log what ``batch`` says and the one before did not."""
        for problem in batch.problems:
            if problem not in self._problems:
                log.warning("source", problem=str(problem))
        self._problems = frozenset(batch.problems)
        skipped = dict(batch.skipped)
        if skipped and skipped != self._skipped:
            log.info("skipped", kinds=skipped)
        self._skipped = skipped
        if batch.held is not None and batch.held != self._held:
            log.error("mass deletion", held=str(batch.held))
        self._held = batch.held
