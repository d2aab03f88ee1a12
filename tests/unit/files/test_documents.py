"""YAML and JSON become plain values as Kubernetes reads them, and whatever is broken says where."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lattice_gateway.adapters.files.documents import Broken, Document, chunks, parse_json, parse_yaml


def values(text: str | bytes) -> list[Any]:
    found = parse_yaml(text.encode() if isinstance(text, str) else text)
    assert all(isinstance(each, Document) for each in found), found
    return [each.raw for each in found if isinstance(each, Document)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: 1", {"a": 1}, id="number"),
        pytest.param("a: '1'", {"a": "1"}, id="quoted number"),
        pytest.param("a: 1.5", {"a": 1.5}, id="fraction"),
        pytest.param("a: 1e3", {"a": 1000.0}, id="exponent"),
        pytest.param("a: -7", {"a": -7}, id="negative"),
        pytest.param("a: 0x1F", {"a": 31}, id="hexadecimal"),
        pytest.param("a: 017", {"a": 15}, id="octal of YAML 1.1"),
        pytest.param("a: 0o17", {"a": 15}, id="octal"),
        pytest.param("a: 1_000", {"a": 1000}, id="underscores"),
        pytest.param("a: 2026-01-31T12:00:00Z", {"a": "2026-01-31T12:00:00Z"}, id="a time stays text"),
        pytest.param("a: 80:90", {"a": "80:90"}, id="no numbers to the base of 60"),
        pytest.param("a: 10.0.0.1", {"a": "10.0.0.1"}, id="address"),
        pytest.param("a: .", {"a": "."}, id="dot"),
        pytest.param("a: yes", {"a": True}, id="yes"),
        pytest.param("a: Off", {"a": False}, id="off"),
        pytest.param("a: ~", {"a": None}, id="null"),
        pytest.param("a:", {"a": None}, id="nothing"),
        pytest.param("a: ''", {"a": ""}, id="empty text"),
        pytest.param("on: 1\n2: b", {"on": 1, "2": "b"}, id="keys are text as written"),
        pytest.param("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}, id="alias"),
        pytest.param("a: {<<: {b: 1, c: 2}, c: 3}", {"a": {"c": 3, "b": 1}}, id="merge"),
        pytest.param("a: {'<<': 1}", {"a": {"<<": 1}}, id="a quoted << is a key"),
        pytest.param("a: {<<: [{b: 1}, {b: 2, c: 3}]}", {"a": {"b": 1, "c": 3}}, id="merge of several"),
        pytest.param("a: !!str 1", {"a": "1"}, id="tag of text"),
        pytest.param("a: !!int '1'", {"a": 1}, id="tag of a number"),
        pytest.param("a: |\n  --x\n  y\n", {"a": "--x\ny\n"}, id="block"),
        pytest.param("[a, 1]", ["a", 1], id="list"),
        pytest.param("a: " + "9" * 5000, {"a": "9" * 5000}, id="a number too long stays text"),
        pytest.param("a: 1e400", {"a": "1e400"}, id="a number beyond all bounds stays text"),
        pytest.param("\ufeffa: 1", {"a": 1}, id="byte order mark"),
    ],
)
def test_a_document_is_read(text: str, value: object) -> None:
    assert values(text) == [value]


def test_empty_documents_are_left_out() -> None:
    assert values("---\n---\na: 1\n---\n# nothing\n...\n") == [{"a": 1}]
    assert values("") == []


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        pytest.param("a: 1\nb: [", 3, "did not find expected node content", id="open list"),
        pytest.param("a: 1\n\tb: 2", 2, "a tab character that violates indentation", id="tabulator"),
        pytest.param("a: 1\nb: 2\na: 3", 3, "the key 'a' stands twice", id="key twice"),
        pytest.param("a: *nobody", 1, "no value is named nobody", id="unknown alias"),
        pytest.param("a: &x [*x]", 1, "no value is named x", id="a value within itself"),
        pytest.param("a: !!python/object:os.system x", 1, "means nothing here", id="foreign tag"),
        pytest.param("{a: 1}: b", 1, "a key that is not text", id="mapping as key"),
        pytest.param("a: {<<: 1}", 1, "<< takes mappings only", id="merge of a number"),
        pytest.param("[" * 200 + "]" * 200, 1, "more than 100 levels", id="too deep"),
        pytest.param(b"a: \xff", 1, "", id="no UTF-8"),
        pytest.param(b"a: \x00", 1, "", id="control character"),
    ],
)
def test_broken_text_says_where_and_why(text: str | bytes, line: int, why: str) -> None:
    found = parse_yaml(text.encode() if isinstance(text, str) else text)[-1]

    assert isinstance(found, Broken)
    assert found.line == line
    assert why in found.why


def test_documents_before_a_broken_one_are_kept() -> None:
    good, broken = parse_yaml(b"a: 1\n---\nb: [\n")

    assert good == Document({"a": 1}, 1)
    assert isinstance(broken, Broken)


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    (found,) = parse_yaml("\n".join(lines).encode())

    assert isinstance(found, Broken)
    assert "more than 5000000 values" in found.why


def test_json_is_read() -> None:
    assert parse_json(b'{"a": [1, "x"]}') == (Document({"a": [1, "x"]}, 1),)
    assert isinstance(parse_json(b"[" * 100 + b"]" * 100)[0], Document)


@pytest.mark.parametrize(
    ("data", "line"),
    [(b'{"a": 1,\n "b": }', 2), (b"", 1), (b"[" * 100_000, 1), (b"[" * 101 + b"]" * 101, 1), (b'"\xff"', 1)],
    ids=["member", "empty", "very deep", "too deep", "no UTF-8"],
)
def test_broken_json_says_where(data: bytes, line: int) -> None:
    (found,) = parse_json(data)

    assert isinstance(found, Broken)
    assert found.line == line


def test_a_stream_is_cut_at_its_marks() -> None:
    data = b"---\na: 1\n--- # second\nb: |\n  ----\n---\n"

    assert chunks(data) == ((b"---\na: 1\n", 1), (b"--- # second\nb: |\n  ----\n", 3), (b"---\n", 6))


def test_a_stream_with_directives_stays_whole() -> None:
    data = b"%YAML 1.1\n---\na: 1\n---\nb: 2\n"

    assert chunks(data) == ((data, 1),)


TEXT = st.text().map(lambda text: f"t{text}")
"""Text that is no number to anybody: a writer of YAML 1.1 leaves 1e5 unquoted, which Kubernetes reads as a number."""

PLAIN = st.none() | st.booleans() | st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=15
)


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.text(min_size=1), TREES, min_size=1, max_size=3), max_size=3))
def test_what_a_yaml_writer_writes_is_read_back(documents: list[Any]) -> None:
    text = yaml.safe_dump_all(documents, explicit_start=True)

    pieces = chunks(text.encode())

    assert [value for piece, _ in pieces for value in values(piece)] == values(text) == documents


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert b"".join(piece for piece, _ in chunks(data)) == data
    for found in (*parse_yaml(data), *parse_json(data)):
        assert found.__class__ in {Document, Broken}


@given(st.text(alphabet="ab:-[]{}&*!|>'\"<#%@\n\t 01.~", max_size=60))
def test_no_text_of_yaml_signs_raises(text: str) -> None:
    for found in parse_yaml(text.encode()):
        assert found.__class__ in {Document, Broken}
