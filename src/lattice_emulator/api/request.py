"""A request as it came in, and who sent it.

The signature is read for the service, the account and the Region; it is not verified.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from lattice_emulator.api.identity import DEFAULT_ACCOUNT, DEFAULT_REGION
from lattice_emulator.world.model import Caller

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent; ``target`` is the request line's, still encoded; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The query's pairs in order, decoded; a key may come several times."""
        pairs = (pair.partition("=") for pair in self.target.partition("?")[2].split("&") if pair)
        return tuple((unquote_plus(key), unquote_plus(value)) for key, _, value in pairs)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who owns an access key; a key that is not in ``owners`` belongs to the default account."""

    default: str = DEFAULT_ACCOUNT
    owners: Mapping[str, str] = field(default_factory=dict)

    def owner(self, access_key: str) -> str:
        """Give the account of ``access_key``."""
        return self.owners.get(access_key, self.default)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who calls which service (by its signing name)."""

    service: str
    caller: Caller


def sender_of(request: Request, accounts: Accounts) -> Sender:
    """Read service, account and Region from the signature's credential scope.

    Without a signature (plain curl) the service is told by the form of the request, the caller is the default.
    """
    found = _CREDENTIAL.search(request.headers.get("authorization", ""))
    if found is None:
        return Sender(_service_by_form(request), Caller(accounts.default, DEFAULT_REGION))
    key, region, service = found.groups()
    return Sender(service, Caller(accounts.owner(key), region))


def _service_by_form(request: Request) -> str:
    target = request.headers.get("x-amz-target", "")
    if target.startswith("ResourceGroupsTaggingAPI") or request.path.startswith("/service/ResourceGroups"):
        return "tagging"
    if target.startswith("CertificateManager"):
        return "acm"
    if request.method == "POST" and request.path == "/":
        return "sts"
    return "vpc-lattice"
