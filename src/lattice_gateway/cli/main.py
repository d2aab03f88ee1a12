"""The entry point: ``run`` goes its own lean way, everything else through Typer; errors become sentences."""

import sys
from collections.abc import Callable, Sequence

from lattice_gateway.cli.exits import CommandError, Exit
from lattice_gateway.settings import SettingsError


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with its code; never ends in a traceback for something a person did."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_guarded(_lean if words[:1] == ["run"] else _rich, words))


def _guarded(command: Callable[[list[str]], int], words: list[str]) -> int:
    try:
        return command(words)
    except (CommandError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:
        return Exit.DONE  # the reader had seen enough: `lattice-gateway plan | head`
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return Exit.ERROR


def _lean(words: list[str]) -> int:
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # structlog would load it, for pictures of tracebacks
    from lattice_gateway.cli.run import run  # noqa: PLC0415 - the other commands need none of it

    return run(words[1:])


def _rich(words: list[str]) -> int:
    from lattice_gateway.cli.app import execute  # noqa: PLC0415 - Typer and Rich stay out of the controller

    return execute(words)
