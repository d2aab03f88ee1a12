"""Writes the pages of docs/ that come from the code: ``make docs``. A test fails while they differ from it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from lattice_gateway.cli.app import app
from lattice_gateway.cli.run import options as run_options
from lattice_gateway.settings import VARIABLES

DOCS = Path(__file__).parent


def configuration() -> str:
    """The configuration reference: variables, then each command with its options."""
    lines = [
        "# Configuration reference",
        "",
        "Generated from the code by `make docs`. A flag wins over its variable.",
        "",
        "## Environment variables",
        "",
        "| Variable | Flag | Default | Meaning |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{one.name}` | {f'`{one.flag}`' if one.flag else ''} | {one.default} | {one.meaning} |"
            for one in VARIABLES
        ),
        "",
        "The AWS SDK's own variables (credentials, profiles, `AWS_CA_BUNDLE`) work as everywhere.",
        "",
        "## Commands",
        "",
        *_run(),
        *_commands(),
    ]
    return "\n".join(lines) + "\n"


def _run() -> Iterator[str]:
    parser = run_options()
    yield from ("### `lattice-gateway run`", "", parser.description or "", "", "| Option | Meaning |", "| --- | --- |")
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of its options
        if action.option_strings and action.dest != "help":
            yield f"| `{' '.join(filter(None, (action.option_strings[-1], action.metavar)))}` | {action.help} |"
    yield ""


def _commands() -> Iterator[str]:
    group = typer.main.get_group(app)
    for name, command in group.commands.items():
        if name == "run":
            continue
        yield from (f"### `lattice-gateway {name}`", "", (command.help or "").strip(), "")
        yield from ("| Option | Meaning |", "| --- | --- |")
        for parameter in command.params:
            words = " ".join(filter(None, (parameter.opts[0], parameter.metavar))) if parameter.opts else ""
            shown = words if words.startswith("-") else parameter.metavar
            yield f"| `{shown}` | {getattr(parameter, 'help', None) or ''} |"
        yield ""


PAGES = {"configuration.md": configuration}


def main() -> int:
    """Writes every page; with ``--check`` only says which differ."""
    stale = [name for name, page in PAGES.items() if page() != _present(DOCS / name)]
    if "--check" not in sys.argv:
        for name in stale:
            (DOCS / name).write_text(PAGES[name]())
        return 0
    for name in stale:
        print(f"docs/{name} differs from the code; run `make docs`", file=sys.stderr)
    return 1 if stale else 0


def _present(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
