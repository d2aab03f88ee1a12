"""Logs of the controller: one JSON object a line, or lines for people with DEV_MODE; those of libraries too."""

import logging
from collections.abc import Iterable
from typing import Final, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter, add_logger_name
from structlog.typing import Processor

from lattice_gateway.settings import Settings

_LEVELS = {"debug": logging.DEBUG, "error": logging.ERROR, "panic": logging.CRITICAL}
"""LOG_LEVEL knows these words; anything else is info (api.md §5.1)."""


_BEGINNING: Final[tuple[Processor, ...]] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def set_up_logs(settings: Settings, stream: TextIO) -> None:
    """Sends every log event of the process to ``stream``; of libraries warnings and errors."""
    ending = _for_people(stream) if settings.dev_mode else _for_programs()
    structlog.configure(
        processors=[*_BEGINNING, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(settings.log_level, logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_handler(ending, stream)], level=logging.WARNING, force=True)


def _for_people(stream: TextIO) -> tuple[Processor, ...]:
    return (structlog.dev.set_exc_info, structlog.dev.ConsoleRenderer(colors=stream.isatty()))


def _for_programs() -> tuple[Processor, ...]:
    return (structlog.processors.format_exc_info, structlog.processors.JSONRenderer())


def _handler(ending: Iterable[Processor], stream: TextIO) -> logging.Handler:
    """Writes what libraries say in the same form, with the name of their logger."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[add_logger_name, *_BEGINNING],
            processors=[ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    return handler


def quiet_logs(stream: TextIO) -> None:
    """For commands whose output is what they print: warnings and errors alone, as lines for people."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(colors=stream.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
