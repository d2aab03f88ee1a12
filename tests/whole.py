"""The whole test suite in parts, each with its minutes: ``python -m tests.whole`` (``make test``).

Fast tests run on two processes; tests that start processes run one after the other, so that none takes another's time.
The cluster's Go parts are built first and kept in a cache. A failing part does not hide the others.
"""

import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the suite: its name, the marks by which pytest chooses it, and how it is run."""

    name: str
    marks: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """Tests of a part by result; errors count as failed."""

    passed: int
    failed: int
    skipped: int

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


PARTS = (
    Part("unit, laws, emulator", "not process and not cluster", ("-n", "2")),
    Part("whole processes", "process and not cluster"),
    Part("cluster", "cluster"),
)
NOTHING_CHOSEN = 5
"""pytest's exit code when no test was chosen."""


def main() -> int:
    """Runs every part; 1 if any test failed."""
    asked, words = asked_marks(sys.argv[1:])
    codes = [_build()] if shutil.which("go") and "not cluster" not in asked else []
    total = Count(0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate(PARTS):
            report = Path(folder) / f"{number}.xml"
            marks = f"({part.marks}) and ({asked})" if asked else part.marks
            code, seconds = _run(("-m", "pytest", "-m", marks, *part.arguments, f"--junitxml={report}", *words))
            codes.append(0 if code == NOTHING_CHOSEN else code)
            total += _count(report)
            _say(part.name, seconds)
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return 1 if any(codes) else 0


def asked_marks(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The marks that a person asks for by ``-m``, empty where none, and the other words; each part keeps its own."""
    if "-m" not in words[:-1]:
        return "", tuple(words)
    place = words.index("-m")
    return words[place + 1], (*words[:place], *words[place + 2 :])


def _build() -> int:
    """Builds what the cluster's tests need, unless the cache has it."""
    code, seconds = _run(("-m", "tests.cluster.toolchain"))
    _say("Go parts of the cluster", seconds)
    return code


def _run(arguments: Iterable[str]) -> tuple[int, float]:
    started = time.monotonic()
    code = subprocess.run([sys.executable, *arguments], check=False).returncode
    return code, time.monotonic() - started


def _say(name: str, seconds: float) -> None:
    print(f"minutes: {name}: {seconds / 60:.1f}", flush=True)


def _count(report: Path) -> Count:
    """The counts in a JUnit report; nothing where pytest ended before it wrote one."""
    if not report.exists():
        return Count(0, 0, 0)
    suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - our own file
    counts = [
        {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")} for suite in suites
    ]
    failed = sum(one["failures"] + one["errors"] for one in counts)
    skipped = sum(one["skipped"] for one in counts)
    return Count(sum(one["tests"] for one in counts) - failed - skipped, failed, skipped)


if __name__ == "__main__":
    sys.exit(main())
