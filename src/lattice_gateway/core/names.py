"""Names of Lattice resources (decision 12, model.md §7.2).

Names follow from what they name, never from chance or the clock. The default service name is the Go controller's
formula, byte for byte, because it is the identity of services already deployed; the rest only has its form.
"""

import re
from hashlib import sha256

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import Exact, Match
from lattice_gateway.core.lattice.words import ListenerProtocol, Owner

_NOT_NAME = re.compile(r"[^a-z0-9-]+")
_HYPHENS = re.compile(r"-{2,}")
_NETWORK = re.compile(r"(?!servicenetwork-)(?!-)(?!.*-$)(?!.*--)[a-z0-9-]{3,63}")
_NETWORK_ID = re.compile(r"sn-[0-9a-z]{17}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LISTENER_WORDS = {
    ListenerProtocol.HTTP: "http",
    ListenerProtocol.HTTPS: "https",
    ListenerProtocol.TLS_PASSTHROUGH: "tls",
}


def cut(text: str, length: int) -> str:
    """The first ``length`` characters, without hyphens at either end.

    >>> cut("abcdefghij-klmnopqr-stu", 20)
    'abcdefghij-klmnopqr'
    """
    return text[:length].strip("-")


def default_service_name(route: str, namespace: str) -> str:
    """The Lattice service of a route, as the Go controller names it.

    >>> default_service_name("checkout-payment-gateway-v2", "team-commerce-production")
    'checkout-payment-gat-team-commerce-prod'
    """
    return f"{cut(route, 20)}-{cut(namespace, 18)}"


def hashed_service_name(owner: Owner, kind: str, namespace: str, route: str) -> str:
    """The name of a route whose default name an older route or a foreign service has."""
    start = default_service_name(route, namespace)[:32].rstrip("-")
    return f"{start}-{route_hash(owner, kind, namespace, route)}"


def route_hash(owner: Owner, kind: str, namespace: str, route: str) -> str:
    """7 hex digits that stand for a route of this cluster."""
    return _hex(f"{owner}/{kind}/{namespace}/{route}")


def match_hash(match: Match) -> str:
    """7 hex digits that stand for a match; the order of its headers and the case of their names do not count."""
    path = "exact" if isinstance(match.path, Exact) else "prefix"
    headers = sorted(f"{header.name.lower()}={header.value}" for header in match.headers)
    return _hex("\n".join([path, match.path.path, match.method or "", *headers]))


def network_name_problem(name: str) -> str | None:
    """Why no service network can have the name (or id) of a Gateway; None where one can."""
    if _NETWORK.fullmatch(name) or _NETWORK_ID.fullmatch(name):
        return None
    return (
        f"{name!r} cannot be the name of a service network: 3-63 lowercase letters, numbers and single hyphens, "
        "not beginning or ending with a hyphen, not beginning with 'servicenetwork-'"
    )


def listener_name(route: str, namespace: str, port: int, protocol: ListenerProtocol) -> str:
    """The name of a listener; a label only, so what Lattice refuses is replaced (model.md P2.4).

    >>> listener_name("a.b", "arena", 80, ListenerProtocol.HTTP)
    'a-b-arena-80-http'
    """
    parts = [_sane(cut(route, 20)), _sane(cut(namespace, 18)), str(port), _LISTENER_WORDS[protocol]]
    name = "-".join(part for part in parts if part)
    return f"l-{name}" if name.startswith("listener-") else name


def group_name(key: GroupKey, owner: Owner) -> str:
    """The name of a target group; its last ten letters are a hash of key and owner, by which we find it again."""
    place = f"{_sane(cut(key.namespace, 55))}-{_sane(cut(key.name, 55))}"
    return f"k8s-{place}-{_ten_letters(f'{owner}/{key}')}"


def _sane(text: str) -> str:
    """``text`` with runs of anything but letters, digits and hyphens as one hyphen."""
    return _HYPHENS.sub("-", _NOT_NAME.sub("-", text.lower())).strip("-")


def _hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:7]


def _ten_letters(text: str) -> str:
    number = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(10):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)
