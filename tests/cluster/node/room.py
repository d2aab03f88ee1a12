"""A process with folders of its own: what a container runtime does with volumes, as far as one shell command can.

In a mount namespace of its own, ``/run`` and ``/etc`` of the process are copies to which the volumes are added. Where
the system does not let us have one (a container without rights), a controller is told by its words and variables where
the same files are.
"""

import json
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.cluster.node.launch import Launch
from tests.cluster.processes import Running, start

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
CERTIFICATES = "/etc/webhook-cert"
NAMESPACE = ("unshare", "--map-root-user", "--mount")
ROOM = """
set -eu
mount -t tmpfs tmpfs /run
mkdir /run/etc
mount --rbind /etc /run/etc
mount -t tmpfs tmpfs /etc
for each in /run/etc/*; do ln -s "$each" /etc/; done
while [ "$1" != -- ]; do
  mkdir -p "$2"
  mount --bind "$1" "$2"
  shift 2
done
shift
exec "$@"
"""
"""Arguments: a folder and where it is to be seen, as often as needed, then ``--`` and a command."""


def start_in_room(wanted: Launch, folder: Path, log: Path) -> Running:
    """Start a container; ``folder`` is empty and gets the files of its volumes."""
    places = {where: folder / str(number) for number, where in enumerate(wanted.mounts)}
    for where, place in places.items():
        place.mkdir(parents=True)
        for name, content in wanted.mounts[where].items():
            (place / name).write_bytes(content)
    command = _mounted(wanted, places) if can_mount() else _told(wanted, places)
    return start(command, log, {})


@cache
def can_mount() -> bool:
    """Whether the system lets us have a mount namespace."""
    try:
        done = subprocess.run([*NAMESPACE, "sh", "-c", ROOM, "sh", "--", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def _mounted(wanted: Launch, places: dict[str, Path]) -> list[str]:
    pairs = [word for where, place in places.items() for word in (str(place), where)]
    return [*NAMESPACE, "sh", "-c", ROOM, "sh", *pairs, "--", *_environment(wanted.variables), *wanted.words]


def _told(wanted: Launch, places: dict[str, Path]) -> list[str]:
    variables = dict(wanted.variables)
    words = list(wanted.words)
    if ACCOUNT in places:
        variables["KUBECONFIG"] = str(_kubeconfig(places[ACCOUNT], variables))
    if CERTIFICATES in places:
        words.append(f"--webhook-cert-dir={places[CERTIFICATES]}")
    return [*_environment(variables), *words]


def _environment(variables: Mapping[str, str]) -> list[str]:
    """Nothing of what the tests have in theirs."""
    return ["env", "-i", *(f"{name}={text}" for name, text in variables.items())]


def _kubeconfig(account: Path, variables: dict[str, str]) -> Path:
    server = f"https://{variables['KUBERNETES_SERVICE_HOST']}:{variables['KUBERNETES_SERVICE_PORT']}"
    path = account / "kubeconfig"
    context = {"cluster": "here", "user": "account", "namespace": (account / "namespace").read_text()}
    wanted = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": server, "certificate-authority": str(account / "ca.crt")}}],
        "users": [{"name": "account", "user": {"token": (account / "token").read_text()}}],
        "contexts": [{"name": "here", "context": context}],
        "current-context": "here",
    }
    path.write_text(json.dumps(wanted))
    return path
