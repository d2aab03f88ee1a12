"""Settings of the controller that runs in a cluster, as its Deployment gives them to it.

In: Deployments as JSON. Out: the variables of the controller's container, below what the caller says himself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from lattice_gateway.adapters.kube.api import Api, KubeFailure
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.glance import listed
from lattice_gateway.core.lattice.words import Owner
from lattice_gateway.settings import FLAGS, VARIABLES

DEPLOYMENTS: Final = "/apis/apps/v1/deployments"
USUAL_NAMESPACE: Final = "aws-application-networking-system"
"""Where docs/install.md and the Go controller's guide install it."""

SAME: Final = (
    ("AWS_REGION", "REGION", "AWS_DEFAULT_REGION"),
    ("LATTICE_ENDPOINT", "AWS_ENDPOINT_URL_VPC_LATTICE", "AWS_ENDPOINT_URL"),
)
"""Variables that say the same thing: who sets one of them has the word on all."""

_NAMES: Final = frozenset({one.name for one in VARIABLES} | {name for names in SAME for name in names})
_LABEL: Final = ("control-plane", "gateway-api-controller")


class _Variable(msgspec.Struct, frozen=True):
    name: str
    value: str = ""
    valueFrom: Mapping[str, Any] | None = None  # noqa: N815  # the API's spelling


class _Container(msgspec.Struct, frozen=True):
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[_Variable, ...] = ()
    envFrom: tuple[Mapping[str, Any], ...] = ()  # noqa: N815  # the API's spelling


class _PodSpec(msgspec.Struct, frozen=True):
    containers: tuple[_Container, ...] = ()


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)


class _Pod(msgspec.Struct, frozen=True):
    spec: _PodSpec
    metadata: _Meta = _Meta()


class _Spec(msgspec.Struct, frozen=True):
    template: _Pod


class _Deployment(msgspec.Struct, frozen=True):
    metadata: _Meta
    spec: _Spec


@dataclass(frozen=True, slots=True)
class Deployed:
    """Variables of the controller; ``unknown`` says, for people, what of its settings could not be read."""

    variables: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


async def deployed(api: Api, namespace: str) -> Deployed:
    """What the controller's Deployment says, wherever the caller may see it; raises ``CommandError``."""
    paths = (DEPLOYMENTS, *(f"/apis/apps/v1/namespaces/{name}/deployments" for name in (USUAL_NAMESPACE, namespace)))
    try:
        whole = await listed(api, paths[0])
        if whole is not None:
            return read_deployments(whole, everywhere=True)
        parts = [await listed(api, path) for path in paths[1:]]
    except KubeFailure as failure:
        raise CommandError(f"the cluster cannot be read: {failure}") from failure
    return read_deployments([item for part in parts for item in part or ()], everywhere=False)


def read_deployments(items: Iterable[bytes], *, everywhere: bool) -> Deployed:
    """The settings of the controller among these Deployments; ``everywhere``: they are all that there are."""
    found = sorted(
        (one for one in map(_decoded, items) if one is not None and _containers(one)),
        key=lambda one: (one.metadata.namespace, one.metadata.name),
    )
    if not found:
        why = "there is no Deployment of it" if everywhere else "its Deployment may not be read"
        return Deployed(unknown=(f"settings of the controller: {why}; those of this shell and the defaults are used",))
    first, *others = found
    variables, unknown = _variables(_containers(first)[0])
    if others:
        names = ", ".join(f"{one.metadata.namespace}/{one.metadata.name}" for one in others)
        chosen = f"{first.metadata.namespace}/{first.metadata.name}"
        unknown = (*unknown, f"settings of the controller: taken from Deployment {chosen}; there are also {names}")
    return Deployed(variables, unknown)


def merged(environment: Mapping[str, str], flags: Mapping[str, str | None], below: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment over the variables of the Deployment; an empty variable says nothing."""
    said = {name: text for name, text in environment.items() if text}
    spoken = said.keys() | {name for name, text in flags.items() if text}
    settled = {name for names in SAME if spoken & set(names) for name in names}
    return {**{name: text for name, text in below.items() if name not in settled}, **said}


def contradictions(owner: Owner, below: Mapping[str, str]) -> tuple[str, ...]:
    """Parts of an identity that the Deployment says otherwise; what it leaves to EC2 metadata contradicts nothing."""
    ours = {"AWS_ACCOUNT_ID": owner.account, "CLUSTER_NAME": owner.cluster, "CLUSTER_VPC_ID": owner.vpc}
    return tuple(
        f"{name} is {mine!r} here and {below[name]!r} in the controller's Deployment"
        for name, mine in ours.items()
        if below.get(name) and below[name] != mine
    )


def _decoded(item: bytes) -> _Deployment | None:
    """None where a Deployment has not even the form of one; it is not ours then."""
    try:
        return msgspec.json.decode(item, type=_Deployment)
    except msgspec.DecodeError:
        return None


def _containers(one: _Deployment) -> list[_Container]:
    """Containers that run the controller: by their command, or, for the Go controller's manifests, by their label."""
    containers = one.spec.template.spec.containers
    ours = [each for each in containers if (*each.command, *each.args)[:2] == ("lattice-gateway", "run")]
    key, value = _LABEL
    labelled = one.spec.template.metadata.labels.get(key) == value
    return ours or (list(containers[:1]) if labelled else [])


def _variables(container: _Container) -> tuple[dict[str, str], tuple[str, ...]]:
    """Settings by variable, flags among the arguments over them; and what comes from elsewhere."""
    given = {one.name: one.value for one in container.env if one.name in _NAMES and one.valueFrom is None}
    elsewhere = [one.name for one in container.env if one.name in _NAMES and one.valueFrom is not None]
    unknown = [f"setting {name} of the controller: its value comes from another object" for name in elsewhere]
    if container.envFrom:
        unknown.append("settings of the controller that its Deployment takes from other objects (envFrom)")
    return {**given, **_flags((*container.command, *container.args))}, tuple(unknown)


def _flags(words: tuple[str, ...]) -> dict[str, str]:
    """Flags of the command line by their variable: ``--name=value`` and ``--name value``."""
    found: dict[str, str] = {}
    for word, after in zip(words, (*words[1:], ""), strict=True):
        flag, equals, value = word.partition("=")
        if flag in FLAGS:
            found[FLAGS[flag]] = value if equals else after
    return found
