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
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the suite: its name and how pytest chooses it."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """Tests of a part by result; errors count as failed."""

    passed: int
    failed: int
    skipped: int

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


PARTS = (
    Part("unit, laws, emulator", ("-m", "not process and not cluster", "-n", "2")),
    Part("whole processes", ("-m", "process and not cluster")),
    Part("cluster", ("-m", "cluster")),
)
NOTHING_CHOSEN = 5
"""pytest's exit code when no test was chosen."""


def main() -> int:
    """Runs every part; 1 if any test failed."""
    codes = [_build()] if shutil.which("go") else []
    total = Count(0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate(PARTS):
            report = Path(folder) / f"{number}.xml"
            code, seconds = _run(("-m", "pytest", *part.arguments, f"--junitxml={report}", *sys.argv[1:]))
            codes.append(0 if code == NOTHING_CHOSEN else code)
            total += _count(report)
            _say(part.name, seconds)
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return 1 if any(codes) else 0


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
