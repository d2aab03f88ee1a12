"""The command line itself.

Exit codes: 0 done, 1 an error; wrong usage is an error too. Results go to stdout, sentences about errors to stderr.
"""

import asyncio
import json
import sys
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlencode

import typer
import yaml

from lattice_emulator.admin.entries import SettingError
from lattice_emulator.api.identity import DEFAULT_VPC
from lattice_emulator.cli.options import ServeOptions, mappings_of, read_network, read_vpc
from lattice_emulator.cli.remote import RemoteError, ask

app = typer.Typer(
    name="lattice-emulator",
    help="An emulator of Amazon VPC Lattice: its API on one port, and real HTTP traffic through Envoy.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Url = Annotated[
    str,
    typer.Option("--url", envvar="LATTICE_EMULATOR_URL", help="The URL that `serve` printed.", show_default=False),
]


_INTERRUPTED = 130
"""What Typer makes of Ctrl-C where a command leaves it to the parser."""


def main() -> None:
    """Run the command line; exits with 0 or 1, an error is a sentence, never a traceback for what a user can cause."""
    try:
        code = typer.main.get_command(app).main(prog_name="lattice-emulator", standalone_mode=False)
    except typer.TyperException as error:
        _fail(f"{error.format_message().rstrip('.')}; see lattice-emulator --help")
    except (SettingError, RemoteError) as error:
        _fail(str(error))
    sys.exit(1 if code == _INTERRUPTED else code or 0)


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on; there is no authentication.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port of the API; 0: any free one.")] = 0,
    state: Annotated[
        Path | None, typer.Option(help="Load the state from this file if it exists, and keep it there.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Knobs, quotas, accounts and faults (YAML).")] = None,
    time_scale: Annotated[
        float, typer.Option(help="Divide every duration by this: life cycles, health checks, draining, windows.")
    ] = 1.0,
    client_vpc: Annotated[str, typer.Option(help="The VPC in which the client of the traffic stands.")] = DEFAULT_VPC,
    no_reachability: Annotated[
        bool, typer.Option("--no-reachability", help="Carry traffic to services that the client's VPC cannot reach.")
    ] = False,
    map_targets: Annotated[
        list[str] | None,
        typer.Option(help="Where targets really are: 10.244.0.0/16=127.244.0.0/16. Repeatable.", show_default=False),
    ] = None,
    no_data_plane: Annotated[bool, typer.Option("--no-data-plane", help="The API alone, without traffic.")] = False,
    front_door_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port that chooses a service by Host; 0: any free one.")
    ] = 0,
    service_addresses: Annotated[
        str | None,
        typer.Option(
            help="The loopback network in which each service gets its address.", show_default="127.171.0.0/16"
        ),
    ] = None,
) -> None:
    """Run the emulator until it is told to stop (Ctrl-C, SIGTERM). The first line on stdout is its URL."""
    # Only this command needs the emulator itself; the others start in a fraction of the time without it.
    from lattice_emulator.cli.serve import serve_until_stopped  # noqa: PLC0415

    if not (time_scale > 0 and isfinite(time_scale)):
        raise SettingError(f"--time-scale: found {time_scale}, expected a number above 0")
    options = ServeOptions(
        host=host,
        port=port,
        state=state,
        config=config,
        time_scale=time_scale,
        client_vpc=None if no_reachability else read_vpc("--client-vpc", client_vpc),
        mappings=mappings_of(map_targets or ()),
        data_plane=not no_data_plane,
        front_door_port=front_door_port,
        service_addresses=None if service_addresses is None else read_network("--service-addresses", service_addresses),
    )
    raise typer.Exit(asyncio.run(serve_until_stopped(options)))


@app.command()
def calls(
    url: Url,
    operation: Annotated[str | None, typer.Option(help="Only calls of this operation.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only calls numbered above this.")] = 0,
    limit: Annotated[int, typer.Option(min=0, help="At most so many, the newest.")] = 1000,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Empty the log and the counters instead.")] = False,
) -> None:
    """Print the log of calls, with counters and errors by operation."""
    if clear:
        _print(ask(url, "DELETE", "calls"))
        return
    query = {"after": after, "limit": limit} | ({"operation": operation} if operation else {})
    _print(ask(url, "GET", f"calls?{urlencode(query)}"))


@app.command()
def faults(
    url: Url,
    set_: Annotated[
        str | None,
        typer.Option("--set", help="Replace the plan: YAML or JSON, or @FILE.", show_default=False),
    ] = None,
    add: Annotated[
        str | None,
        typer.Option(help="Add one failure: '{operation: CreateService, effect: lose-answer, count: 1}'."),
    ] = None,
    fail_step: Annotated[
        str | None,
        typer.Option(help="Make the next step of a resource fail: '{resource: rates, status: CREATE_FAILED}'."),
    ] = None,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Let nothing go wrong from now on.")] = False,
) -> None:
    """Print, replace, extend or clear what goes wrong: latency, throttling, failures, list lag."""
    options = (("--set", set_), ("--add", add), ("--fail-step", fail_step), ("--clear", clear))
    wanted = [name for name, given in options if given]
    if len(wanted) > 1:
        raise SettingError(f"faults: found {' and '.join(wanted)}, expected at most one of them")
    if set_ is not None:
        _print(ask(url, "PUT", "faults", _document("--set", set_)))
    elif add is not None:
        _print(ask(url, "POST", "faults/failures", _document("--add", add)))
    elif fail_step is not None:
        _print(ask(url, "POST", "failed-steps", _document("--fail-step", fail_step)))
    else:
        _print(ask(url, "DELETE" if clear else "GET", "faults"))


@app.command()
def snapshot(
    url: Url,
    load: Annotated[Path | None, typer.Option(help="Replace the world by the snapshot in this file.")] = None,
) -> None:
    """Print the whole state as JSON, or load it."""
    if load is None:
        _print(ask(url, "GET", "snapshot"))
    else:
        _print(ask(url, "PUT", "snapshot", _document("--load", f"@{load}")))


@app.command()
def reset(url: Url) -> None:
    """Empty the world and the log of calls, and play the configured faults from their beginning."""
    _print(ask(url, "POST", "reset"))


@app.command()
def counts(url: Url) -> None:
    """Print how many resources of each type there are."""
    _print(ask(url, "GET", "counts"))


@app.command("url")
def addresses(url: Url) -> None:
    """Print where the API, the front door and each service are reached."""
    _print(ask(url, "GET", "url"))


def _document(option: str, text: str) -> Any:
    try:
        return yaml.safe_load(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except OSError as error:
        raise SettingError(f"{option}: {text[1:]} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"{option}: is neither YAML nor JSON: {error}") from None


def _print(document: object) -> None:
    print(json.dumps(document, indent=2))


def _fail(sentence: str) -> NoReturn:
    print(f"lattice-emulator: {sentence}", file=sys.stderr)
    sys.exit(1)
