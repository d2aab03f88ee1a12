"""Where this process stands among the others, for probes, metrics and logs."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from lattice_gateway.serve.election.rivals import StandBack, Undecided


@dataclass(frozen=True, slots=True)
class Starting:
    """The lease was not looked at yet."""


@dataclass(frozen=True, slots=True)
class Leading:
    """We work."""


@dataclass(frozen=True, slots=True)
class Following:
    """Somebody else works; we are warm and wait."""

    holder: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The API server does not tell us who leads."""

    error: str


@dataclass(frozen=True, slots=True)
class Released:
    """We have ended."""


Standing: TypeAlias = Starting | Leading | Following | Undecided | StandBack | Unreachable | Released


def complaint(standing: Standing) -> str | None:
    """Why the process is not ready, None where its place is in order (decision 38)."""
    match standing:
        case Leading() | Following() | Unreachable():
            return None
        case StandBack():
            return str(standing)
        case Undecided():
            return "a Lease of our name in another namespace is being watched for signs of life"
        case Starting():
            return "the Lease was not looked at yet"
        case Released():
            return "the Lease was given back; the process ends"
        case _:
            assert_never(standing)


def described(standing: Standing) -> str:
    """The standing in a few words, for logs."""
    match standing:
        case Leading():
            return "leading"
        case Following(holder):
            return f"following {holder}"
        case Unreachable(error):
            return f"no answer about the Lease: {error}"
        case _:
            return complaint(standing) or type(standing).__name__
