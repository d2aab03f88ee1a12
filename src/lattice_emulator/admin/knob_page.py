"""The table of knobs in the emulator's guide, made from the code.

``python -m lattice_emulator.admin.knob_page docs/emulator.md`` rewrites it; a test fails while it differs.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from lattice_emulator.world.knobs import knob_rows

BEGIN = "<!-- The table up to the next mark is made from the code. -->"
END = "<!-- End of the table made from the code. -->"


def knob_table() -> str:
    """Write every knob as a row of a Markdown table."""
    return "\n".join(_lines())


def with_table(page: str) -> str:
    """Give ``page`` with the table between its marks made anew; raises ValueError when a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page: found no marks, expected {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{knob_table()}\n\n{END}{after}"


def _lines() -> Iterator[str]:
    yield "| Knob | Default | Values | Meaning | lattice.md |"
    yield "| --- | --- | --- | --- | --- |"
    for row in knob_rows():
        yield f"| `{row.name}` | {_cell(row.default)} | {_cell(row.expected)} | {_cell(row.meaning)} | {row.section} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        path = Path(argument)
        path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
