"""The four parts of who we are, each from where the Go controller takes it (api.md §5.1)."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec

from lattice_gateway.adapters.imds.metadata import Metadata, Unanswered

LIMIT = 4.5
"""Seconds after which what is not known is named as missing; a person waits five."""
CLUSTER_TAG = "aws:eks:cluster-name"
"""EKS: tag of every node of a cluster."""

T = TypeVar("T")


class Part(StrEnum):
    """A part of the identity, by the variable that sets it."""

    REGION = "AWS_REGION"
    ACCOUNT = "AWS_ACCOUNT_ID"
    CLUSTER = "CLUSTER_NAME"
    VPC = "CLUSTER_VPC_ID"


OTHER_NAMES: Mapping[Part, tuple[str, ...]] = {Part.REGION: ("REGION", "AWS_DEFAULT_REGION")}
"""Variables that are read where the part's own is not set."""


class InstanceTags(Protocol):
    """Tags of an EC2 instance."""

    async def tag(self, instance: str, key: str, region: str) -> str | None:
        """Value of a tag, None where the instance does not have it. Raises ``Unanswered``."""


@dataclass(frozen=True, slots=True)
class Found:
    """Values by part, and for each part that is still missing the reason."""

    values: Mapping[Part, str] = field(default_factory=dict)
    missing: Mapping[Part, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return "; ".join(f"{part} is not set: {why}" for part, why in self.missing.items())


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    """The instance identity document, as far as we read it."""

    region: str
    instance_id: str


class _Credentials(msgspec.Struct, frozen=True, rename="pascal"):
    """Whose identity credentials the instance has."""

    account_id: str


def lacking(values: Mapping[str, str]) -> tuple[Part, ...]:
    """The parts that environment and flags do not set."""
    return tuple(part for part in Part if not any(values.get(name) for name in (part, *OTHER_NAMES.get(part, ()))))


async def ask(parts: tuple[Part, ...], metadata: Metadata, tags: InstanceTags, limit: float = LIMIT) -> Found:
    """Ask for these parts, all at the same time; whatever is not known after ``limit`` seconds is missing."""
    asking = {part: asyncio.create_task(_ASK[part](metadata, tags)) for part in parts}
    if asking:
        await asyncio.wait(asking.values(), timeout=limit)
    for task in asking.values():
        task.cancel()
    await asyncio.gather(*asking.values(), return_exceptions=True)
    values, missing = {}, {}
    for part, task in asking.items():
        why = _why(task, limit)
        if why is None:
            values[part] = task.result()
        else:
            missing[part] = why
    return Found(values, missing)


def _why(task: asyncio.Task[str], limit: float) -> str | None:
    """Why a question has no answer; raises what is not an answer but a bug."""
    if task.cancelled():
        return f"no answer within {limit:g} s"
    error = task.exception()
    if error is None:
        return None
    if isinstance(error, Unanswered):
        return str(error)
    raise error


async def _region(metadata: Metadata, _tags: InstanceTags) -> str:
    return await metadata.get("meta-data/placement/region")


async def _account(metadata: Metadata, _tags: InstanceTags) -> str:
    path = "meta-data/identity-credentials/ec2/info"
    return _read(path, await metadata.get(path), _Credentials).account_id


async def _vpc(metadata: Metadata, _tags: InstanceTags) -> str:
    mac = await metadata.get("meta-data/mac")
    return await metadata.get(f"meta-data/network/interfaces/macs/{mac}/vpc-id")


async def _cluster(metadata: Metadata, tags: InstanceTags) -> str:
    path = "dynamic/instance-identity/document"
    document = _read(path, await metadata.get(path), _Document)
    name = await tags.tag(document.instance_id, CLUSTER_TAG, document.region)
    if name is None:
        raise Unanswered(f"instance {document.instance_id} has no tag {CLUSTER_TAG}")
    return name


_ASK: Mapping[Part, Callable[[Metadata, InstanceTags], Coroutine[None, None, str]]] = {
    Part.REGION: _region,
    Part.ACCOUNT: _account,
    Part.CLUSTER: _cluster,
    Part.VPC: _vpc,
}


def _read(path: str, text: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.MsgspecError as error:
        raise Unanswered(f"EC2 metadata has something odd at {path}: {error}") from error
