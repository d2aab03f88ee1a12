"""What docs/switch-from-go.md names is there."""

import re
from pathlib import Path

from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.settings import VARIABLES
from tests.laws.switch.test_switch_table import DIFFERENCES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/switch-from-go.md").read_text()


def test_every_switch_of_the_page_is_a_variable() -> None:
    named = set(re.findall(r"`([A-Z_]+)=", PAGE)) | set(re.findall(r"leave `([A-Z_]+)` unset", PAGE))

    assert len(named) >= 5
    assert named <= {variable.name for variable in VARIABLES}


def test_every_finalizer_of_the_page_is_one() -> None:
    named = set(re.findall(r"`([\w.-]+(?:/resources|-finalizer[\w.]*))`", PAGE))

    assert len(named) == 2
    assert named <= set(FINALIZERS.values())


def test_what_is_bold_on_the_page_is_what_is_held() -> None:
    bold = {int(row.split("|")[1]) for row in PAGE.splitlines() if re.match(r"\| \d+ \|.*\*\*", row)}
    held = {int(number) for row in DIFFERENCES.values() for number in re.findall(r"decision (\d+)", "".join(row.held))}

    assert bold == held


def test_every_file_of_the_page_is_there() -> None:
    named = set(re.findall(r"`((?:tests|crds)/[\w./]*)`", PAGE)) | set(re.findall(r"\]\((\w+\.md)\)", PAGE))

    assert named
    assert [each for each in named if not (ROOT / each).exists() and not (ROOT / "docs" / each).exists()] == []
