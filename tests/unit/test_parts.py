"""The parts of `make test`: marks that a person asks for narrow each part, and never replace its own."""

import pytest

from tests.whole import asked_marks


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        pytest.param(["-x", "-q"], ("", ("-x", "-q")), id="none"),
        pytest.param(["-x", "-m", "not process", "-q"], ("not process", ("-x", "-q")), id="some"),
        pytest.param(["-m"], ("", ("-m",)), id="cut off, for pytest to complain of"),
    ],
)
def test_marks_are_told_from_the_other_words(words: list[str], asked: tuple[str, tuple[str, ...]]) -> None:
    assert asked_marks(words) == asked
