"""Writes docs/demo.svg, the picture of the README: the real demo, recorded. ``make picture``."""

import asyncio
import io
from pathlib import Path

from rich.console import Console

from lattice_gateway.cli.demo.story import DemoOptions, tell

PICTURE = Path(__file__).with_name("demo.svg")
WIDTH = 112


def main() -> None:
    """Runs the demo once, showing it as it goes."""
    console = Console(record=True, width=WIDTH, highlight=False, file=io.StringIO(), force_terminal=False)
    asyncio.run(tell(DemoOptions(), console))
    console.save_svg(str(PICTURE), title="make demo")


if __name__ == "__main__":
    main()
