"""Which of the kinds we read an API server has, and where.

In: the server's own lists of resources. Out: for each kind the version to use, the one we prefer among those served.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec

from lattice_gateway.adapters.kube.api import Api, KubeError, KubeFailure
from lattice_gateway.core.objects import CLUSTER_SCOPED, CORE_API, DISCOVERY_API, GATEWAY_API, LATTICE_API, Kind, Ref
from lattice_gateway.core.objects.refs import VERSIONS

T = TypeVar("T")

REQUIRED: Final = (Kind.GATEWAY_CLASS, Kind.GATEWAY, Kind.HTTP_ROUTE)
"""Kinds without which there is nothing to do; all others may be missing."""

BUNDLE: Final = "v1.5.1"
"""Release of Gateway API that we are tested with."""

DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

INSTALL: Final = (
    "kubectl apply --server-side -f "
    f"https://github.com/kubernetes-sigs/gateway-api/releases/download/{BUNDLE}/standard-install.yaml"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A kind as the server has it.

    ``has_status``: its status is a subresource. ``leaving``: its definition is being deleted, and its objects with it.
    ``built_in``: it is no custom resource and never leaves. ``born`` is when its definition was created, empty where
    that may not be read: one that is deleted and created again at once can then not be told from the first.
    """

    kind: Kind
    group: str
    version: str
    plural: str
    has_status: bool = False
    leaving: bool = False
    built_in: bool = False
    born: str = ""

    @property
    def api_version(self) -> str:
        """``gateway.networking.k8s.io/v1`` or plain ``v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """Path of the group and version."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"

    @property
    def collection(self) -> str:
        """Path of all objects of the cluster."""
        return f"{self.root}/{self.plural}"

    @property
    def definition(self) -> str:
        """The name of its CustomResourceDefinition."""
        return f"{self.plural}.{self.group}"

    def replaces(self, other: "Served") -> bool:
        """Whether its definition was created anew since: the objects of the other went with theirs."""
        return bool(self.born and other.born) and self.born != other.born

    def path(self, ref: Ref) -> str:
        """Path of one object."""
        home = f"{self.root}/namespaces/{ref.namespace}" if ref.kind not in CLUSTER_SCOPED else self.root
        return f"{home}/{self.plural}/{ref.name}"


Catalogue = Mapping[Kind, Served]

BUILT_IN: Final[Catalogue] = {
    kind: Served(kind=kind, group=group, version="v1", plural=plural, built_in=True)
    for kind, group, plural in (
        (Kind.SERVICE, CORE_API, "services"),
        (Kind.NAMESPACE, CORE_API, "namespaces"),
        (Kind.POD, CORE_API, "pods"),
        (Kind.ENDPOINT_SLICE, DISCOVERY_API, "endpointslices"),
    )
}


class Resource(msgspec.Struct, frozen=True):
    """An entry of the server's list; ``name`` is the plural, of a subresource ``plural/subresource``."""

    name: str
    kind: str = ""
    verbs: tuple[str, ...] = ()


class ResourceList(msgspec.Struct, frozen=True):
    """What the server has in one version of a group."""

    groupVersion: str  # noqa: N815  # the API's spelling
    resources: tuple[Resource, ...] = ()


_NAME, _BORN = "Name", "Created At"
"""Columns of definitions, as kubectl shows them."""


class _Column(msgspec.Struct, frozen=True):
    name: str


class _Row(msgspec.Struct, frozen=True):
    cells: tuple[Any, ...]


class _Table(msgspec.Struct, frozen=True):
    columnDefinitions: tuple[_Column, ...]  # noqa: N815  # the API's spelling
    rows: tuple[_Row, ...] = ()


class _Version(msgspec.Struct, frozen=True):
    version: str


class _Group(msgspec.Struct, frozen=True):
    versions: tuple[_Version, ...] = ()


def catalogue(lists: Iterable[ResourceList]) -> dict[Kind, Served]:
    """The kinds of ours among ``lists`` and the built-in ones, each in the best version that can be watched."""
    found: dict[Kind, Served] = dict(BUILT_IN)
    ranks: dict[Kind, int] = {}
    for each in lists:
        for served in _served(each):
            rank = VERSIONS[served.group, served.kind].index(served.version)
            if rank < ranks.get(served.kind, len(VERSIONS)):
                ranks[served.kind], found[served.kind] = rank, served
    return found


def missing(found: Catalogue) -> tuple[Kind, ...]:
    """Required kinds that are not installed, in their order."""
    return tuple(kind for kind in REQUIRED if kind not in found)


def _served(listed: ResourceList) -> Iterable[Served]:
    group, _, version = listed.groupVersion.rpartition("/")
    names = {resource.name for resource in listed.resources}
    for resource in listed.resources:
        kind = _KINDS.get(resource.kind)
        if kind is None or "/" in resource.name or "watch" not in resource.verbs:
            continue
        if version in VERSIONS.get((group, kind), ()):
            yield Served(
                kind=kind,
                group=group,
                version=version,
                plural=resource.name,
                has_status=f"{resource.name}/status" in names,
                leaving="create" not in resource.verbs,  # the server takes no new ones while it deletes the old ones
            )


_KINDS: Final[Mapping[str, Kind]] = {str(kind): kind for kind in Kind}


async def discover(api: Api) -> dict[Kind, Served]:
    """Ask the server what it has; raises ``KubeFailure``."""
    lists = [listed for group in (GATEWAY_API, LATTICE_API) for listed in await _lists(api, group)]
    return catalogue(lists)


async def with_births(api: Api, found: Catalogue) -> dict[Kind, Served]:
    """The same kinds, and when the definition of each was created; raises ``KubeFailure``."""
    born = await _births(api)
    return {kind: replace(each, born=born.get(each.definition, "")) for kind, each in found.items()}


async def look_again(api: Api, served: Served) -> Served | None:
    """The same kind in the same version as it is now, None where it is gone; raises ``KubeFailure``."""
    listed = await _list(api, served.group, served.version)
    found = next((each for each in _served(listed) if each.kind is served.kind), None) if listed else None
    return replace(found, born=(await _births(api)).get(found.definition, "")) if found else None


async def _births(api: Api) -> dict[str, str]:
    """When each definition of the cluster was created; nothing where that may not be read, or not as a table."""
    try:
        table = msgspec.json.decode(await api.table(DEFINITIONS), type=_Table)
    except msgspec.DecodeError:
        return {}
    except KubeFailure as failure:
        if failure.error.lasting:
            return {}
        raise
    columns = [each.name for each in table.columnDefinitions]
    if not {_NAME, _BORN} <= set(columns):
        return {}
    name, born = columns.index(_NAME), columns.index(_BORN)
    return {str(row.cells[name]): str(row.cells[born]) for row in table.rows}


async def _lists(api: Api, group: str) -> list[ResourceList]:
    found = await _read(api, f"/apis/{group}", _Group)
    if found is None:
        return []
    known = {version for (its, _), versions in VERSIONS.items() if its == group for version in versions}
    served = [each.version for each in found.versions if each.version in known]
    return [listed for version in served if (listed := await _list(api, group, version))]


async def _list(api: Api, group: str, version: str) -> ResourceList | None:
    return await _read(api, f"/apis/{group}/{version}", ResourceList)


async def _read(api: Api, path: str, form: type[T]) -> T | None:
    """The answer, None where there is no such path; raises ``KubeFailure``, also for what is no answer of a server."""
    try:
        return msgspec.json.decode(await api.get(path, {}), type=form)
    except msgspec.DecodeError as error:
        raise KubeFailure(KubeError(message=f"{path}: an answer that cannot be read: {error}")) from error
    except KubeFailure as failure:
        if failure.error.absent:
            return None
        raise
