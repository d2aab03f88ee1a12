"""Moments in answers of AWS."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.adapters.aws.timestamps import read_timestamp
from tests.laws.engine_stage import SETTINGS

MOMENT = datetime(2023, 5, 5, 21, 35, 29, 339000, UTC)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        pytest.param("2023-05-05T21:35:29.339Z", MOMENT, id="as VPC Lattice does"),
        pytest.param("2023-05-05T21:35:29.339000000Z", MOMENT, id="to the nanosecond"),
        pytest.param("2023-05-05T21:35:29Z", MOMENT.replace(microsecond=0), id="to the second"),
        pytest.param("Fri, 05 May 2023 21:35:29 GMT", MOMENT.replace(microsecond=0), id="as HTTP does"),
        pytest.param(1683322529, MOMENT.replace(microsecond=0), id="seconds since the epoch"),
    ],
)
def test_a_moment_is_read_in_every_form(written: Any, moment: datetime) -> None:
    assert read_timestamp(written) == moment


async def test_the_clients_read_moments_so() -> None:
    async with connect(SETTINGS) as lattice:
        factories = [client._endpoint._response_parser_factory for client in lattice._clients.values()]

        parsers = [factory.create_parser("rest-json") for factory in factories]

    assert [parser._timestamp_parser for parser in parsers] == [read_timestamp] * 3
