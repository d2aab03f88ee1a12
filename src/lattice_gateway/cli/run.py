"""``lattice-gateway run``: keeps Lattice equal to a cluster, or to a directory of manifests, until it is told to stop.

With ``--source`` and ``--state-dir`` it is the directory, else the cluster.
"""

import argparse
import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NoReturn

from prometheus_client import CollectorRegistry

from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.adapters.files import (
    Binding,
    DirectorySource,
    StateDirectory,
    StateError,
    StatusDirectory,
)
from lattice_gateway.cli.exits import CommandError, Exit
from lattice_gateway.cli.logs import set_up_logs
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.feed import Batch, ObjectRecord, StateUnwritable
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Lattice, Source
from lattice_gateway.settings import FLAGS, VARIABLES, Settings, read_settings

OF_THE_GO_CONTROLLER = ("metrics-bind-address", "health-probe-bind-address", "leader-elect", "kubeconfig")
TRUE, FALSE = frozenset({"1", "t", "true"}), frozenset({"0", "f", "false"})
"""Parity: the spellings that Go's flags have for them, in any case."""

EPILOG = "Variables are in docs/configuration.md. Exit codes: 0 stopped as asked, 1 an error."


class _Parser(argparse.ArgumentParser):
    """Wrong usage is an error like any other: a sentence, exit 1."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}; see {self.prog} --help")


def options() -> argparse.ArgumentParser:
    """The command's options; argparse, as it costs a controller nothing."""
    parser = _Parser(
        prog="lattice-gateway run",
        description="Keep VPC Lattice equal to a cluster: the one of the pod, of --kubeconfig or of KUBECONFIG. With "
        "--source and --state-dir, to a directory of manifests; status is then written as YAML under the state "
        "directory.",
        epilog=EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--source", type=Path, metavar="DIR", help="directory tree of YAML and JSON manifests")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="where status and memory are kept")
    parser.add_argument(
        "--confirm-deletions", type=_count, metavar="N", help="agree to the deletion of N objects that vanished at once"
    )
    parser.add_argument(
        "--delete-all", action="store_true", help="delete everything that the state directory records, then end"
    )
    _add_cluster_options(parser)
    for variable in VARIABLES:
        if variable.flag:
            parser.add_argument(variable.flag, metavar="VALUE", dest=variable.name, help=variable.meaning)
    return parser


def _add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """What counts in a cluster only. Parity: names and defaults of the first four are the Go controller's."""
    parser.add_argument("--metrics-bind-address", default=":8080", metavar="ADDRESS", help="/metrics (:8080); 0: off")
    parser.add_argument(
        "--health-probe-bind-address", default=":8081", metavar="ADDRESS", help="/healthz, /readyz (:8081); 0: off"
    )
    parser.add_argument(
        "--leader-elect", nargs="?", const=True, default=False, type=_switch, help="work only with the Lease in hand"
    )
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="a cluster other than that of the pod")
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig, if not its current one")
    parser.add_argument(
        "--webhook-bind-address", default=":9443", metavar="ADDRESS", help="/mutate-pod (:9443), with WEBHOOK_ENABLED"
    )
    parser.add_argument(
        "--webhook-cert-dir", type=Path, default=Path("/etc/webhook-cert"), metavar="DIR", help="tls.crt and tls.key"
    )


def as_go_takes_them(words: Sequence[str]) -> list[str]:
    """The words with two dashes where the Go controller's flags have one. Parity: Go's flags take both."""
    single = tuple(f"-{name}" for name in OF_THE_GO_CONTROLLER)
    return [f"-{word}" if word.partition("=")[0] in single else word for word in words]


def run(words: Sequence[str]) -> int:
    """Runs until SIGTERM or SIGINT; raises ``CommandError`` or ``SettingsError`` for what a person can mend."""
    chosen = options().parse_args(as_go_takes_them(words))
    flags = {name: getattr(chosen, name) for name in FLAGS.values()}
    if chosen.source is None and chosen.state_dir is None:
        return _run_in_cluster(chosen, flags)
    settings = read_settings(os.environ, flags)
    if chosen.source is None or chosen.state_dir is None:
        raise CommandError("--source DIR and --state-dir DIR are both needed, or neither of them in a cluster")
    set_up_logs(settings, sys.stderr)
    source: Path = chosen.source.absolute()
    binding = Binding(owner=str(settings.owner), endpoint=settings.endpoint, source=str(source))
    try:
        state = StateDirectory.open(chosen.state_dir, binding)
    except (StateError, StateUnwritable) as error:
        raise CommandError(str(error)) from error
    try:
        if chosen.delete_all:
            return asyncio.run(_delete_all(settings, state, chosen.state_dir))
        return asyncio.run(_keep_equal(settings, state, chosen.state_dir, source, chosen.confirm_deletions))
    finally:
        state.close()


def _run_in_cluster(chosen: argparse.Namespace, flags: dict[str, str | None]) -> int:
    from lattice_gateway.cli import cluster  # noqa: PLC0415 - a directory needs no client of Kubernetes

    if chosen.delete_all or chosen.confirm_deletions is not None:
        raise CommandError("--delete-all and --confirm-deletions are about a directory: --source DIR is needed")
    settings = cluster.cluster_settings(os.environ, flags)
    set_up_logs(settings, sys.stderr)
    place = cluster.Place(
        kubeconfig=chosen.kubeconfig, context=chosen.context, namespace=os.environ.get("POD_NAMESPACE")
    )
    return asyncio.run(cluster.keep_cluster(settings, place, cluster.read_offer(chosen, settings)))


async def _keep_equal(settings: Settings, state: StateDirectory, where: Path, root: Path, confirmed: int | None) -> int:
    source = DirectorySource(root, state, SystemClock(), confirmed)
    async with connect(settings) as lattice:
        controller = _controller(settings, source, state, where, lattice)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, controller.stop)
        await controller.run()
    return Exit.DONE


async def _delete_all(settings: Settings, state: StateDirectory, where: Path) -> int:
    """Deletes what is recorded, waits until it is gone, says what is left."""
    source = _Nothing(state)
    async with connect(settings) as lattice:
        controller = _controller(settings, source, state, where, lattice)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, controller.stop)
        running = asyncio.ensure_future(controller.run())
        resting = asyncio.ensure_future(controller.converged())
        await asyncio.wait((running, resting), return_when=asyncio.FIRST_COMPLETED)
        controller.stop()
        resting.cancel()
        await running
    left = sorted(str(key) for key in state.recorded.units)
    if left:
        raise CommandError(f"not deleted: {', '.join(left)}; see the log above for why")
    print("Everything that was recorded is deleted.")
    return Exit.DONE


def _controller(settings: Settings, source: Source, state: StateDirectory, where: Path, lattice: Lattice) -> Controller:
    return Controller(
        settings=settings,
        source=source,
        state=state,
        status=StatusDirectory(where),
        lattice=lattice,
        clock=SystemClock(),
        random=Random(),  # noqa: S311 - jitter, not secrets
        process=uuid.uuid4().hex,
        metrics=Metrics(CollectorRegistry()),
    )


class _Nothing:
    """A source in which everything that the state directory knows is gone."""

    def __init__(self, state: StateDirectory) -> None:
        self._state = state

    async def changes(self) -> AsyncIterator[Batch]:
        """One batch, then silence."""
        gone = tuple(self._state.recorded.objects)
        nothing: Iterable[ObjectRecord] = ()
        self._state.remember_objects(nothing, gone)
        yield Batch(gone=gone, complete=True)
        await asyncio.Event().wait()


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected the number of deletions that was named")
    return number


def _switch(text: str) -> bool:
    """Parity: Go's flags take ``--name=true`` as well as ``--name``."""
    word = text.lower()
    if word not in TRUE | FALSE:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected true or false")
    return word in TRUE
