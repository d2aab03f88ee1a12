"""The commands for people: plan, describe, sweep, release-finalizers, demo.

``run`` stands here for its line in ``--help`` only.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.tree import Tree

from lattice_gateway.cli.demo.processes import StageError
from lattice_gateway.cli.demo.story import DemoOptions, tell
from lattice_gateway.cli.describe import describe_tree
from lattice_gateway.cli.exits import CommandError, Exit
from lattice_gateway.cli.logs import quiet_logs
from lattice_gateway.cli.plan import NO_STATE, plan_text
from lattice_gateway.cli.release import Wanted, release_text
from lattice_gateway.cli.sweep import sweep_text
from lattice_gateway.cli.switchback import switchback_text
from lattice_gateway.cli.where import InCluster, one_cluster, place

app = typer.Typer(
    name="lattice-gateway",
    help="The Gateway API on Amazon VPC Lattice: a controller that plans before it acts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


_INTERRUPTED = 130
"""What Typer makes of Ctrl-C."""

NOT_A_TERMINAL = 160
"""Columns of output that goes into a file or a pipe."""


class Output(StrEnum):
    """Forms of output."""

    TEXT = "text"
    JSON = "json"


Source = Annotated[Path | None, typer.Option("--source", metavar="DIR", help="Directory tree of manifests.")]
StateDir = Annotated[
    Path | None,
    typer.Option(
        "--state-dir", metavar="DIR", help="The controller's memory, read without its lock; without it nothing is "
        "said of orphans and of mass deletions."
    ),
]  # fmt: skip
EndpointUrl = Annotated[str | None, typer.Option("--endpoint-url", metavar="URL", help="VPC Lattice, or an emulator.")]
Region = Annotated[str | None, typer.Option("--region", metavar="NAME", help="AWS region.")]
AccountId = Annotated[str | None, typer.Option("--account-id", metavar="ID", help="Account that owns what we make.")]
VpcId = Annotated[str | None, typer.Option("--vpc-id", metavar="ID", help="VPC of the targets.")]
ClusterName = Annotated[
    str | None, typer.Option("--cluster-name", metavar="NAME", help="Name of the cluster in our tags.")
]
Kubeconfig = Annotated[
    Path | None, typer.Option("--kubeconfig", metavar="FILE", help="A cluster; without --source that of KUBECONFIG.")
]
Context = Annotated[str | None, typer.Option("--context", metavar="NAME", help="Context of the kubeconfig.")]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Show this one; else the context's.")
]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="Show all namespaces of the cluster.")]
ForGoController = Annotated[
    bool,
    typer.Option("--for-go-controller", help="Show only what the Go controller could not read, before a way back."),
]
OutputForm = Annotated[Output, typer.Option("--output", "-o", help="Form of the output.")]


def execute(words: list[str]) -> int:
    """Runs one command and answers its exit code; wrong usage raises ``CommandError``."""
    quiet_logs(sys.stderr)
    try:
        code = typer.main.get_command(app).main(words or ["--help"], prog_name="lattice-gateway", standalone_mode=False)
    except typer.TyperException as error:
        raise CommandError(f"{error.format_message().rstrip('.')}; see lattice-gateway --help") from error
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return int(code or 0)


@app.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
def run() -> None:
    """Watch a directory of manifests and keep VPC Lattice equal to it (run --help)."""
    raise CommandError("run must be the first word: lattice-gateway run --help")


@app.command()
def plan(
    *,
    source: Source = None,
    state_dir: StateDir = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    account_id: AccountId = None,
    vpc_id: VpcId = None,
    cluster_name: ClusterName = None,
    for_go_controller: ForGoController = False,
    output: OutputForm = Output.TEXT,
) -> int:
    """Show what would be created, changed, replaced and deleted. It writes nothing, ever.

    Without --source it reads a cluster with your own rights; what they hide is shown as unknown.

    Exit codes: 0 nothing to do, 1 an error, 2 changes, 3 something was refused.
    """
    flags = _flags(endpoint_url, region, account_id, vpc_id, cluster_name)
    cluster = _cluster(Kubectl(kubeconfig, context, namespace, all_namespaces), flags)
    chosen = place(source=source, state_dir=state_dir, cluster=cluster)
    told = switchback_text if for_go_controller else plan_text
    text, code = asyncio.run(told(chosen, as_json=output is Output.JSON))
    _print(text)
    return code


@app.command()
def describe(
    name: Annotated[
        str | None, typer.Argument(metavar="[KIND/NAME]", help="One Gateway or route; all if none.")
    ] = None,
    *,
    source: Source = None,
    state_dir: StateDir = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    account_id: AccountId = None,
    vpc_id: VpcId = None,
    cluster_name: ClusterName = None,
) -> int:
    """Show who attaches to what, with each verdict, and what it became in VPC Lattice.

    Without --source it reads a cluster with your own rights; what they hide is shown as unknown.
    """
    flags = _flags(endpoint_url, region, account_id, vpc_id, cluster_name)
    cluster = _cluster(Kubectl(kubeconfig, context, namespace, all_namespaces), flags)
    chosen = place(source=source, state_dir=state_dir, cluster=cluster)
    _print(_shown(asyncio.run(describe_tree(chosen, name))))
    if source is not None and state_dir is None:
        _print(NO_STATE)
    return Exit.DONE


@app.command()
def sweep(
    delete: Annotated[
        list[str] | None,
        typer.Option("--delete", metavar="NAME", help="Delete this one: KIND/NAME or ARN. Repeatable."),
    ] = None,
    *,
    source: Source = None,
    state_dir: StateDir = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    endpoint_url: EndpointUrl = None,
    region: Region = None,
    account_id: AccountId = None,
    vpc_id: VpcId = None,
    cluster_name: ClusterName = None,
) -> int:
    """List what is ours in VPC Lattice without a record, and delete only what is named.

    Without --source it reads a cluster with your own rights: who may not list its Gateways and routes is refused.
    """
    flags = _flags(endpoint_url, region, account_id, vpc_id, cluster_name)
    cluster = _cluster(Kubectl(kubeconfig, context, namespace, all_namespaces), flags)
    chosen = place(source=source, state_dir=state_dir, cluster=cluster)
    _print(asyncio.run(sweep_text(chosen, tuple(delete or ()))))
    return Exit.DONE


@app.command()
def release_finalizers(
    names: Annotated[list[str] | None, typer.Argument(metavar="[KIND/NAME]...", help="Only these objects.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else what would be done is listed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Do it even while a controller is at work.")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
) -> int:
    """Take our finalizers off objects that wait for a controller that was uninstalled. Nothing in AWS is deleted.

    With -A also off what lives in no namespace. Exit codes: 0 nothing that was asked for carries one any more, 1 an
    error, 2 something does and nothing was done, 3 refused, as a controller is at work.
    """
    cluster = one_cluster(_cluster(Kubectl(kubeconfig, context, namespace, all_namespaces), {}))
    text, code = asyncio.run(release_text(cluster, Wanted(names=tuple(names or ()), agreed=yes, forced=force)))
    _print(text)
    return code


@app.command()
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running and print what to try next.")] = False,
    output: OutputForm = Output.TEXT,
) -> int:
    """Run the launch post on this machine: emulator, controller, pods and real traffic; then clean up.

    Exit codes: 0 done, 1 an error, 3 done without traffic, as there is no Envoy for this machine.
    """
    figures_only = output is Output.JSON
    console = _console(stderr=figures_only)
    try:
        figures, code = asyncio.run(tell(DemoOptions(keep=keep), console))
    except StageError as error:
        raise CommandError(f"the demo stopped: {error}") from error
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
    if figures_only:
        _print(json.dumps(figures.as_dict(), indent=2))
    return code


def _flags(
    endpoint_url: str | None,
    region: str | None,
    account_id: str | None,
    vpc_id: str | None,
    cluster_name: str | None,
) -> dict[str, str | None]:
    """What was typed, by the variable it stands for."""
    return {
        "LATTICE_ENDPOINT": endpoint_url,
        "AWS_REGION": region,
        "AWS_ACCOUNT_ID": account_id,
        "CLUSTER_VPC_ID": vpc_id,
        "CLUSTER_NAME": cluster_name,
    }


@dataclass(frozen=True, slots=True)
class Kubectl:
    """What was typed as kubectl has it."""

    kubeconfig: Path | None
    context: str | None
    namespace: str | None
    everywhere: bool


def _cluster(typed: Kubectl, flags: dict[str, str | None]) -> InCluster:
    return InCluster(
        kubeconfig=typed.kubeconfig,
        context=typed.context,
        namespace=typed.namespace,
        everywhere=typed.everywhere,
        environment=os.environ,
        flags=flags,
    )


def _console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else NOT_A_TERMINAL)


def _shown(tree: Tree) -> str:
    """A tree as it looks on this terminal, or in a file."""
    console = _console()
    with console.capture() as captured:
        console.print(tree)
    return captured.get()


def _print(text: str) -> None:
    """Writes a result. A reader that has seen enough (``plan | head``) changes nothing of the exit code."""
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is flushed at exit
