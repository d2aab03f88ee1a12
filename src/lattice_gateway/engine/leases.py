"""Leases as values, and where they are kept: what an election needs of an API server."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

LEASE_NAME = "amazon-vpc-lattice.io"
"""Leader election id of the Go controller (controllers.md §1.1): of both kinds of controllers only one works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """A Lease as it stands.

    ``holder`` is empty where nobody has it. ``seconds`` is how long it counts after a renewal was seen. ``version``
    is the API server's word for this very content, empty in one that is to be written for the first time.
    """

    namespace: str
    holder: str = ""
    acquired: datetime | None = None
    renewed: datetime | None = None
    seconds: int = 15
    transitions: int = 0
    version: str = ""


class LeaseTaken(Exception):  # noqa: N818  # reads as what is the case
    """Somebody else was faster: the lease is not what it was when it was read."""


class LeaseUnreachable(Exception):  # noqa: N818  # reads as what is the case
    """No answer, or a refusal; the message says which."""


class Leases(Protocol):
    """The leases of our name. Every method raises ``LeaseUnreachable`` within a few seconds; called from one thread."""

    @property
    def namespace(self) -> str:
        """Where ours is."""

    def read(self) -> LeaseRecord | None:
        """Ours, None where there is none."""

    def create(self, record: LeaseRecord) -> LeaseRecord:
        """Make ours; as it stands then. Raises ``LeaseTaken``."""

    def replace(self, record: LeaseRecord) -> LeaseRecord:
        """Write ours over the version that it names; as it stands then. Raises ``LeaseTaken``."""

    def elsewhere(self) -> tuple[LeaseRecord, ...]:
        """Those of other namespaces."""
