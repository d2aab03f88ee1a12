"""What a person sees of the demo; every function prints one thing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from lattice_gateway.cli.demo.emulator import ServiceAddress
from lattice_gateway.cli.demo.figures import Figures
from lattice_gateway.cli.demo.manifests import Pod
from lattice_gateway.cli.demo.pods import Place
from lattice_gateway.cli.demo.traffic import Reply

BAR = 40
"""Characters of a full bar."""


def opening(console: Console, time_scale: float) -> None:
    """What is going to happen, and on which clock."""
    console.print(
        "[bold]The launch post on this machine[/]: Gateway API manifests become VPC Lattice services.", soft_wrap=True
    )
    console.print(f"[dim]The emulator's clock runs {time_scale:g} times faster than AWS's.[/]\n")


def process(console: Console, name: str, pid: int) -> None:
    """A process was started."""
    console.print(f"[green]✓[/] {name} [dim](process {pid})[/]")


def emulator(console: Console, url: str, door: str | None) -> None:
    """Where the emulator is reached; ``door`` None: there is no traffic."""
    console.print(f"  API        {url}")
    if door is not None:
        console.print(f"  front door {door}")


def pods(console: Console, places: dict[Pod, Place]) -> None:
    """The pods that listen."""
    names = Counter(pod.service for pod in places)
    hosts = {host for host, _ in places.values()}
    where = "addresses of their own" if len(hosts) > 1 else "127.0.0.1, a port each"
    services = ", ".join(f"{service} ×{count}" for service, count in names.items())
    console.print(f"[green]✓[/] {len(places)} pods on {where}: {services}", soft_wrap=True)


def waiting(console: Console, text: str) -> AbstractContextManager[object]:
    """A spinner while something is waited for; a line where the output is not a terminal."""
    if console.is_terminal:
        return console.status(text)
    console.print(f"… {text}", soft_wrap=True)
    return nullcontext()


def no_traffic(console: Console, why: str) -> None:
    """The part that is left out, and why."""
    console.print(f"\n[yellow]{escape(why)}[/]", soft_wrap=True)


def reply(console: Console, host: str, path: str, answer: Reply) -> None:
    """One request with its answer."""
    console.print(f"\n[bold]GET http://{host}{path}[/]  → {answer.status}", soft_wrap=True)
    console.print(escape(answer.text.rstrip()), style="dim", soft_wrap=True)


def split(console: Console, weights: str, answers: Counter[str]) -> None:
    """How requests were shared, as bars."""
    total = answers.total()
    console.print(f"\n[bold]{total} requests through inventory, weights {weights}[/]")
    for backend, count in sorted(answers.items()):
        bar = "█" * max(1, round(BAR * count / total))
        console.print(f"  {backend:<15} {bar:<{BAR}} {count:>4}  {count / total:.0%}")


def edited(console: Console, path: Path) -> None:
    """A manifest was changed."""
    console.print(f"\n[green]✓[/] weights set to 90/10 in {path.name}")


def shifted(console: Console, took: float, failed: int) -> None:
    """How long the change took to reach traffic."""
    console.print(
        f"[green]✓[/] from the edit to traffic: [bold]{took:.2f} s[/] "
        f"[dim](when 80 of the last 100 answers came from inventory-ver1)[/], {failed} failed requests",
        soft_wrap=True,
    )


def deleted(console: Console, what: str, kinds: tuple[str, ...], took: float) -> None:
    """What a deletion took away."""
    gone = ", ".join(kind.lower().replace("_", " ") for kind in kinds)
    console.print(f"[green]✓[/] {what} deleted: no {gone} left after {took:.1f} s", soft_wrap=True)


def ending(console: Console, figures: Figures) -> None:
    """The last line."""
    left = ", ".join(f"{count} {kind}" for kind, count in figures.leftovers.items()) or "none"
    colour = "red" if figures.leftovers else "green"
    console.print(f"[{colour}]✓[/] leftovers in the account, over every resource type: [bold]{left}[/]")
    console.print(f"[dim]Everything took {figures.seconds:.0f} s; no process and no file is left.[/]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is answered: by ``host`` at the front door, and at the service's own address if it has one."""

    host: str
    address: ServiceAddress | None
    path: str


def try_next(console: Console, manifests: Path, url: str, door: str | None, requests: Sequence[Request]) -> None:
    """What to do with a demo that goes on; ``door`` None: there is no traffic."""
    console.print("\n[bold]It keeps running. Try, in another terminal:[/]")
    for line in curl_lines(door, requests) if door is not None else ():
        console.print(f"  {line}", soft_wrap=True, highlight=False)
    console.print(
        f"  AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --region us-west-2 --endpoint-url {url} "
        "vpc-lattice list-services",
        soft_wrap=True,
        highlight=False,
    )
    console.print(f"  edit the files in {manifests} and watch", soft_wrap=True, highlight=False)
    console.print("[bold]Ctrl-C[/] deletes everything and ends the demo.")


def curl_lines(door: str, requests: Sequence[Request]) -> Iterator[str]:
    """Both ways to each service: by its name at the front door, and at its own address.

    Services that have to share an address are told apart by their name there as well.
    """
    sharing = Counter(request.address.address for request in requests if request.address)
    for request in requests:
        yield f"curl {_named(request)}{door}{request.path}"
    for request in requests:
        if request.address is not None:
            name = _named(request) if sharing[request.address.address] > 1 else ""
            for port in request.address.ports.values():
                yield f"curl {name}http://{request.address.address}:{port}{request.path}"


def _named(request: Request) -> str:
    return f"-H 'Host: {request.host}' "
