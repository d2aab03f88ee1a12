"""Logs of the controller: one JSON object a line, or lines for people with DEV_MODE."""

import logging
from typing import TextIO

import structlog

from lattice_gateway.settings import Settings

_LEVELS = {"debug": logging.DEBUG, "error": logging.ERROR, "panic": logging.CRITICAL}
"""LOG_LEVEL knows these words; anything else is info (api.md §5.1)."""


def set_up_logs(settings: Settings, stream: TextIO) -> None:
    """Sends every log event of the process to ``stream``."""
    people = settings.dev_mode
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.set_exc_info if people else structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=stream.isatty()) if people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS.get(settings.log_level, logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )


def quiet_logs(stream: TextIO) -> None:
    """For commands whose output is what they print: warnings and errors alone, as lines for people."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(colors=stream.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
