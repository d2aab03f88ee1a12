"""Annotations: values, fallbacks and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.objects.annotations import (
    PREFIX,
    allow_takeover_from,
    doubts,
    override_fault,
    paused,
    rule_priority,
    service_name_fault,
    service_name_override,
    standalone,
    user_tags,
)
from lattice_gateway.core.objects.explain import Complaint

ROOM = 46


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("a=b,c=d", (("a", "b"), ("c", "d")), id="pairs in order"),
        pytest.param(" a = b , c=d ", (("a", "b"), ("c", "d")), id="trimmed"),
        pytest.param("a=b=c", (("a", "b=c"),), id="first sign of equality"),
        pytest.param("a=1,a=2", (("a", "1"),), id="first of equal keys"),
        pytest.param("Kosten stelle=Küche/7", (("Kosten stelle", "Küche/7"),), id="letters and spaces of any script"),
        pytest.param(",,a=b,", (("a", "b"),), id="empty pairs"),
        pytest.param("AWS:x=1,a=b", (("a", "b"),), id="keys of AWS in any case"),
        pytest.param(f"{PREFIX}ManagedBy=me,a=b", (("a", "b"),), id="keys of ours"),
        pytest.param(f"{PREFIX.upper()}x=1", ((f"{PREFIX.upper()}x", "1"),), id="our prefix in other case is not ours"),
        pytest.param("ä" * 128 + "=b", (("ä" * 128, "b"),), id="lengths count characters"),
    ],
)
def test_tags_are_read(text: str, tags: tuple[tuple[str, str], ...]) -> None:
    assert user_tags({f"{PREFIX}tags": text}, ROOM).tags == tags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a", "key=value with both sides", id="no value"),
        pytest.param("=b", "key=value with both sides", id="no key"),
        pytest.param("a=", "key=value with both sides", id="empty value"),
        pytest.param("k" * 129 + "=v", "a key of at most 128 characters", id="long key"),
        pytest.param("k=" + "v" * 257, "a value of at most 256 characters", id="long value"),
        pytest.param("a=b;c", "letters, digits, spaces and _ . : / = + - @ only", id="character"),
        pytest.param(
            "aws:a=b", "a key that does not begin with application-networking.k8s.aws/ or aws:", id="reserved"
        ),
        pytest.param("a=1,a=2", "each key once (the first counts)", id="twice"),
    ],
)
def test_a_pair_that_is_left_out_is_named_with_the_reason(text: str, expected: str) -> None:
    (skipped,) = user_tags({f"{PREFIX}tags": text}, ROOM).skipped

    assert skipped.path == f"metadata.annotations.{PREFIX}tags"
    assert skipped.expected == expected


def test_tags_beyond_the_room_are_left_out_and_named() -> None:
    tags = user_tags({f"{PREFIX}tags": "aws:x=1,a=1,b=2,c=3"}, 2)

    assert tags.as_mapping() == {"a": "1", "b": "2"}
    assert [each.expected for each in tags.skipped][1:] == ["at most 2 tags beside the controller's own"]


@pytest.mark.parametrize(
    ("text", "value", "doubted"),
    [
        pytest.param("true", True, False, id="true"),
        pytest.param(" TRUE ", True, False, id="any case, trimmed"),
        pytest.param("false", False, False, id="false"),
        pytest.param("", False, True, id="blank"),
        pytest.param("yes", False, True, id="another word"),
    ],
)
def test_a_switch_is_false_unless_it_says_true(text: str, value: bool, doubted: bool) -> None:
    annotations = {f"{PREFIX}standalone": text, f"{PREFIX}paused": text}

    assert standalone(annotations) is value
    assert paused(annotations) is value
    assert len(doubts(annotations)) == (2 if doubted else 0)


def test_a_missing_switch_says_nothing() -> None:
    assert standalone({}) is None
    assert paused({}) is False
    assert doubts({}) == ()


@pytest.mark.parametrize(
    ("text", "priority"),
    [("1", 1), ("100", 100), ("2000", 2000)],
)
def test_a_priority_is_a_whole_number(text: str, priority: int) -> None:
    assert rule_priority({f"{PREFIX}rule-3-priority": text}, 3) == priority
    assert rule_priority({f"{PREFIX}rule-3-priority": text}, 4) is None


@pytest.mark.parametrize("text", ["0", "2001", "-5", "+5", " 5", "05", "abc", "", "4294967297", "٣"])
def test_another_priority_is_a_complaint(text: str) -> None:
    found = rule_priority({f"{PREFIX}rule-0-priority": text}, 0)

    assert isinstance(found, Complaint)
    assert found.path == f"metadata.annotations.{PREFIX}rule-0-priority"
    assert found.expected == "a whole number, 1 to 2000"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("box-office", None),
        ("abc", None),
        ("a" * 40, None),
        ("ab", "service name must be at least 3 characters long"),
        ("", "service name must be at least 3 characters long"),
        ("a" * 41, "service name cannot exceed 40 characters"),
        ("Box", "service name must contain only lowercase letters, numbers, and hyphens"),
        ("a.b", "service name must contain only lowercase letters, numbers, and hyphens"),
        ("abc\n", "service name must contain only lowercase letters, numbers, and hyphens"),
        ("svc-abc", "service name cannot start with 'svc-'"),
        ("-abc", "service name cannot start with a hyphen"),
        ("abc-", "service name cannot end with a hyphen"),
        ("a--b", "service name cannot contain double hyphens"),
    ],
)
def test_a_service_name_keeps_the_rules_of_lattice(name: str, fault: str | None) -> None:
    assert service_name_fault(name) == fault
    assert override_fault(name) == (fault and f"invalid service name override '{name}': {fault}")


def test_an_empty_override_is_none() -> None:
    assert service_name_override({f"{PREFIX}service-name-override": ""}) is None
    assert service_name_override({f"{PREFIX}service-name-override": " x"}) == " x"
    assert allow_takeover_from({f"{PREFIX}allow-takeover-from": " "}) is None
    assert allow_takeover_from({f"{PREFIX}allow-takeover-from": "1/c/v"}) == "1/c/v"


@given(st.text(), st.integers(0, 50))
def test_no_text_raises_and_the_room_is_kept(text: str, room: int) -> None:
    tags = user_tags({f"{PREFIX}tags": text}, room)

    assert len(tags.tags) <= room
    assert str(service_name_fault(text))
    assert str(rule_priority({f"{PREFIX}rule-0-priority": text}, 0))
