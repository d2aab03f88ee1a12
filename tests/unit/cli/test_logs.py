"""Lines of the log: what the controller says, and what libraries say."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
import structlog

from lattice_gateway.cli.logs import set_up_logs
from tests.laws.engine_stage import SETTINGS


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What is set up here is for one test."""
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)


def lines(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_a_line_of_json_with_its_level_and_time() -> None:
    stream = StringIO()
    set_up_logs(SETTINGS, stream)

    structlog.get_logger("x").info("unit", unit="service/rates", ops=["CreateRule"])

    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "unit", "level": "info", "unit": "service/rates", "ops": ["CreateRule"]}


def test_what_a_library_says_is_a_line_of_the_same_form() -> None:
    stream = StringIO()
    set_up_logs(SETTINGS, stream)

    logging.getLogger("asyncio").error("Task %s was never awaited", "x", exc_info=ValueError("odd"))
    logging.getLogger("botocore").info("found credentials")

    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("Task x was never awaited", "error", "asyncio")
    assert line["exception"].splitlines()[-1] == "ValueError: odd"


@pytest.mark.parametrize(
    ("level", "told"),
    [
        pytest.param("debug", ["debug", "info", "error"], id="debug"),
        pytest.param("info", ["info", "error"], id="info"),
        pytest.param("error", ["error"], id="error"),
        pytest.param("panic", [], id="panic"),
        pytest.param("anything", ["info", "error"], id="an unknown word is info"),
    ],
)
def test_the_level_decides_what_is_told(level: str, told: list[str]) -> None:
    stream = StringIO()
    set_up_logs(replace(SETTINGS, log_level=level), stream)
    log = structlog.get_logger("y")

    for each in ("debug", "info", "error"):
        getattr(log, each)(each)

    assert [line["event"] for line in lines(stream)] == told


def test_with_dev_mode_lines_are_for_people() -> None:
    stream = StringIO()
    set_up_logs(replace(SETTINGS, dev_mode=True), stream)

    structlog.get_logger("z").info("listening", probes=8081)
    logging.getLogger("aiohttp.server").warning("odd request")

    first, second = stream.getvalue().splitlines()
    assert "listening" in first
    assert "probes=8081" in first
    assert "odd request" in second
