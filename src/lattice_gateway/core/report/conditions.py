"""Conditions of a status (controllers.md §3.2, §6)."""

from dataclasses import dataclass
from enum import StrEnum

from lattice_gateway.core.lattice.words import PREFIX

MAX_MESSAGE = 32_768
"""Kubernetes: length of a condition's message."""


class Type(StrEnum):
    """Types of conditions that we write."""

    ACCEPTED = "Accepted"
    PROGRAMMED = "Programmed"
    RESOLVED_REFS = "ResolvedRefs"
    CONFLICTED = "Conflicted"
    DEPLOYED = PREFIX + "Programmed"
    """Of routes, and of Gateways on hold: whether Lattice is as the object says."""
    INHERITED = PREFIX + "Inherited"
    """Of routes that the Go controller left: whether its choice is held (decision 22)."""


class Status(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition without the time of its last transition; ``generation`` is the one of the object it was made for.

    ``blind``: it is not known yet how things stand; who said before that all is well is believed meanwhile.
    """

    type: Type
    status: Status
    reason: str
    message: str
    generation: int
    blind: bool = False

    def __post_init__(self) -> None:
        if len(self.message) > MAX_MESSAGE:
            object.__setattr__(self, "message", f"{self.message[: MAX_MESSAGE - 1]}…")
