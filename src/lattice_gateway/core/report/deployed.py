"""What became of a route in Lattice: the condition ``P/Programmed`` (controllers.md §6.4)."""

from dataclasses import dataclass

from lattice_gateway.core.lattice.outcome import Done, ErrorKind, Failed, Outcome, Refusal, Waiting
from lattice_gateway.core.lattice.units import Desired, Held, Service
from lattice_gateway.core.report.conditions import Status

PENDING = "Pending"


@dataclass(frozen=True, slots=True)
class Deployed:
    """Status, reason and message of ``P/Programmed``."""

    status: Status
    reason: str
    message: str


def deployed(unit: Desired | None, outcome: Outcome | None) -> Deployed:
    """How far the service of a route is; ``unit`` None: nothing is to be deployed for it."""
    match unit:
        case None:
            return Deployed(Status.FALSE, PENDING, "nothing is deployed for this route")
        case Held(why=why):
            return _held(why, outcome)
        case _:
            return _wanted(unit, outcome)


def on_hold(why: str) -> Deployed:
    """What a paused object says (decision 34)."""
    return Deployed(Status.UNKNOWN, "Paused", why)


def _held(why: str, outcome: Outcome | None) -> Deployed:
    if outcome is None or not isinstance(outcome.serving, Service):
        return Deployed(Status.FALSE, PENDING, why)
    return Deployed(Status.TRUE, "Programmed", f"{outcome.dns_name or ''}; held as it was: {why}".lstrip("; "))


def _wanted(unit: Desired, outcome: Outcome | None) -> Deployed:
    if outcome is None:
        return Deployed(Status.FALSE, PENDING, "not deployed yet")
    match outcome.result:
        case Done() if outcome.desired == unit:
            return Deployed(Status.TRUE, "Programmed", outcome.dns_name or "")
        case Done():
            return Deployed(Status.FALSE, PENDING, "a newer form is being deployed")
        case Waiting(why):
            return Deployed(Status.FALSE, PENDING, why)
        case Failed(error) if error.kind is ErrorKind.QUOTA:
            return Deployed(Status.FALSE, "QuotaExceeded", str(error))
        case Failed(error):
            return Deployed(Status.FALSE, "AWSError", str(error))
        case Refusal(message=message):
            return Deployed(Status.FALSE, PENDING, message)
