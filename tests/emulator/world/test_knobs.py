from typing import Any

import pytest

from lattice_emulator.world import Knobs
from lattice_emulator.world.errors import Refusal
from lattice_emulator.world.knob_table import KnobError
from lattice_emulator.world.knobs import PrefixMode, knob_rows


def test_settings_are_read_by_their_type() -> None:
    knobs = Knobs.from_mapping(
        {
            "prefix_mode": "segment",
            "drain_seconds": 5,
            "quota_rules": 100,
            "token_reuse": "ValidationException",
            "known_resources": ["arn:aws:s3:::logs"],
            "initial_reason": None,
        }
    )

    assert (knobs.prefix_mode, knobs.token_reuse) == (PrefixMode.SEGMENT, Refusal.VALIDATION)
    assert (knobs.drain_seconds, knobs.quota_rules) == (5.0, 100)
    assert knobs.known_resources == ("arn:aws:s3:::logs",)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"drain_second": 5}, r"^knobs.drain_second: found an unknown setting, expected one of "),
        ({"drain_seconds": "5"}, "^knobs.drain_seconds: found '5', expected a number from 0$"),
        ({"drain_seconds": -1}, "^knobs.drain_seconds: found -1, expected a number from 0$"),
        ({"drain_seconds": float("nan")}, "^knobs.drain_seconds: found nan, expected a number from 0$"),
        ({"page_size": 101}, "^knobs.page_size: found 101, expected a whole number from 1 to 100$"),
        ({"page_size": 5.5}, "^knobs.page_size: found 5.5, "),
        ({"quota_rules": True}, "^knobs.quota_rules: found True, expected a whole number from 0$"),
        ({"ram_list": "yes"}, "^knobs.ram_list: found 'yes', expected true or false$"),
        ({"prefix_mode": "regex"}, "^knobs.prefix_mode: found 'regex', expected one of string, segment$"),
        ({"known_resources": "arn"}, "^knobs.known_resources: found 'arn', expected null or a list of texts$"),
        ({"hosted_zone_id": None}, "^knobs.hosted_zone_id: found None, expected a text$"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(found: dict[str, Any], message: str) -> None:
    with pytest.raises(KnobError, match=message):
        Knobs.from_mapping(found)


def test_every_setting_has_a_section_and_a_sentence() -> None:
    for row in knob_rows():
        assert row.section.startswith("§"), row
        assert row.meaning.endswith("."), row


def test_the_defaults_are_those_of_the_table() -> None:
    assert Knobs.from_mapping({}) == Knobs()
    shown = {row.name: row.default for row in knob_rows()}
    assert (shown["drain_seconds"], shown["known_resources"], shown["prefix_mode"]) == ("60.0", "null", "string")
