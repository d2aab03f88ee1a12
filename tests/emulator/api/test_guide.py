"""The emulator's guide stays true to the code."""

import shlex
from pathlib import Path

import pytest
import yaml

from lattice_emulator.admin.entries import Entry
from lattice_emulator.admin.fault_settings import EFFECTS, read_failure, read_plan
from lattice_emulator.admin.knob_page import with_table
from lattice_emulator.admin.settings import settings_of

GUIDE = (Path(__file__).parents[3] / "docs" / "emulator.md").read_text(encoding="utf-8")


def fenced(language):
    return [part.split("```")[0] for part in GUIDE.split(f"```{language}\n")[1:]]


def test_the_table_of_knobs_is_that_of_the_code():
    assert with_table(GUIDE) == GUIDE, "python -m lattice_emulator.admin.knob_page docs/emulator.md rewrites it"


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="found no marks"):
        with_table("# A page")


def test_the_settings_file_of_the_guide_can_be_read():
    (example,) = fenced("yaml")

    assert settings_of(yaml.safe_load(example)).knobs.quota_rules == 100


def test_the_faults_of_the_guide_can_be_read():
    lines = [shlex.split(line) for block in fenced("console") for line in block.splitlines() if " faults --" in line]
    given = {line[3]: yaml.safe_load(line[4]) for line in lines if len(line) > 4}

    assert read_plan(Entry("", given["--set"])).latency == {"*": 0.1}
    assert read_failure(Entry("", given["--add"])).operation == "*"


def test_every_effect_is_explained():
    assert all(f"`{effect}`" in GUIDE for effect in EFFECTS)
