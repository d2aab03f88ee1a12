"""What became of a route in Lattice: the condition ``P/Programmed`` (controllers.md §6.4)."""

from dataclasses import dataclass

from lattice_gateway.core.lattice.outcome import Done, ErrorKind, Failed, Outcome, Refusal, Waiting
from lattice_gateway.core.lattice.units import AsItIs, Desired, Held, Service
from lattice_gateway.core.report.conditions import Status

PENDING = "Pending"


@dataclass(frozen=True, slots=True)
class Deployed:
    """Status, reason and message of ``P/Programmed``; ``blind`` as of a condition."""

    status: Status
    reason: str
    message: str
    blind: bool = False


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


def as_left(shown: Deployed, unit: Desired | None, outcome: Outcome | None) -> Deployed:
    """What a route says of which something is held on purpose: that is in place, and nothing else is on its way."""
    if outcome is None or not isinstance(outcome.result, Done) or outcome.desired != unit:
        return shown
    return Deployed(Status.TRUE, "Programmed", shown.message)


def _held(why: str, outcome: Outcome | None) -> Deployed:
    if outcome is None or not isinstance(outcome.serving, Service):
        return Deployed(Status.FALSE, PENDING, why)
    return Deployed(Status.TRUE, "Programmed", f"{outcome.dns_name or ''}; held as it was: {why}".lstrip("; "))


def _wanted(unit: Desired, outcome: Outcome | None) -> Deployed:
    if outcome is None:
        return Deployed(Status.FALSE, PENDING, "not deployed yet", blind=True)
    match outcome.result:
        case Done() if outcome.desired == unit:
            return _done(unit, outcome.dns_name or "")
        case Done():
            return Deployed(Status.FALSE, PENDING, "a newer form is being deployed")
        case Waiting(why, blind=blind):
            return Deployed(Status.FALSE, PENDING, why, blind=blind)
        case Failed(error) if error.kind is ErrorKind.QUOTA:
            return Deployed(Status.FALSE, "QuotaExceeded", str(error))
        case Failed(error):
            return Deployed(Status.FALSE, "AWSError", str(error))
        case Refusal(message=message):
            return Deployed(Status.FALSE, PENDING, message)


def _done(unit: Desired, dns_name: str) -> Deployed:
    """All is as desired; a rule of which it is not known what it should do waits for that (decision 37)."""
    rules = [rule for listener in unit.listeners for rule in listener.rules] if isinstance(unit, Service) else []
    held = dict.fromkeys(rule.action.why for rule in rules if isinstance(rule.action, AsItIs))
    if not held:
        return Deployed(Status.TRUE, "Programmed", dns_name)
    return Deployed(Status.FALSE, PENDING, f"{dns_name}; held as it was: {'; '.join(held)}".lstrip("; "))
