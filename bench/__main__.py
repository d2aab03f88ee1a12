"""``python -m bench [--json FILE] [part ...]``: runs the parts named, or all, and prints one table."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.figures import Figure, table, write_json
from bench.large import large
from bench.shared import shared
from bench.throttled import throttled
from bench.translation import translation

PARTS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "translation": translation,
    "large": large,
    "shared": shared,
    "throttled": throttled,
}


def main() -> int:
    """Measures, prints, and answers 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; all when none is named")
    parser.add_argument("--json", type=Path, default=Path("bench-figures.json"), help="where the figures go as JSON")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; known are {', '.join(PARTS)}")
    figures = asyncio.run(_measure(arguments.parts or list(PARTS)))
    print(table(figures))
    write_json(figures, arguments.json)
    return 0 if all(figure.reached for figure in figures) else 1


async def _measure(parts: list[str]) -> list[Figure]:
    figures: list[Figure] = []
    for part in parts:
        started = time.monotonic()
        print(f"{part} ...", end=" ", file=sys.stderr, flush=True)
        figures += await PARTS[part]()
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    return figures


if __name__ == "__main__":
    sys.exit(main())
