"""The rights that the chart gives: installed as they are, and what the product made of them.

The API server writes down what service accounts ask (``AUDIT_POLICY``). What is sent by the product, and not by a test
under its name, is known by its user agent: the client of the tests has none.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from tests.cluster.commands import Helm
from tests.cluster.control_plane import AUDIT_LOG, ControlPlane
from tests.cluster.kube import Object
from tests.cluster.manifests import read_manifest

ACCOUNT = "gateway-api-controller"
KINDS = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A verb for a resource, ``plural[/subresource][.group]``."""

    verb: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


@dataclass(frozen=True, slots=True)
class Call:
    """What the product asked of the API server, and how it was answered."""

    right: Right
    status: int


@contextmanager
def chart_rights(plane: ControlPlane, helm: Helm, home: str) -> Iterator[list[Object]]:
    """The account and the roles of the chart in a namespace, made if need be; the roles are gone afterwards."""
    rights = [each for each in read_manifest(helm.template("", home)) if each["kind"] in KINDS]
    for each in [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}}, *rights]:
        plane.admin.apply(each)
    try:
        yield rights
    finally:
        # The chart's own test installs objects of these names, and finds them taken otherwise.
        for each in reversed(rights):
            plane.admin.delete(each)


def granted(rights: Iterable[Object]) -> frozenset[Right]:
    """All that roles allow, in whatever namespace and for whatever name."""
    rules = (rule for each in rights for rule in each.get("rules", ()))
    return frozenset(
        Right(verb, f"{plural}.{group}".rstrip("."))
        for rule in rules
        for group in rule["apiGroups"]
        for plural in rule["resources"]
        for verb in rule["verbs"]
    )


def asked(plane: ControlPlane, elsewhere: frozenset[str] = NOWHERE) -> Iterator[Call]:
    """What the product asked for under the chart's role; in the namespaces ``elsewhere`` the account has another."""
    for line in (plane.folder / AUDIT_LOG).read_text().splitlines():
        event = json.loads(line)
        _, _, home, account = event["user"]["username"].split(":")
        if account == ACCOUNT and home not in elsewhere and event.get("userAgent") and "objectRef" in event:
            yield Call(Right(event["verb"], _resource(event["objectRef"])), event["responseStatus"]["code"])


def unknown_wishes(calls: Iterable[Call], rights: frozenset[Right]) -> list[str]:
    """What was refused and is not among the rights.

    A right that was refused had been taken away by a test, or the API server had just started and knew no role yet.
    """
    refused = {call.right for call in calls if call.status == HTTPStatus.FORBIDDEN}
    return sorted(map(str, refused - rights))


def _resource(named: Object) -> str:
    """Spec: audit.k8s.io/v1 ObjectReference."""
    path = "/".join(named[part] for part in ("resource", "subresource") if part in named)
    return f"{path}.{named.get('apiGroup', '')}".rstrip(".")
