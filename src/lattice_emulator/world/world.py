"""The emulated service as a whole: calls and the passing of time go in, answers come out."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from lattice_emulator.world import (
    access_logs,
    certificates,
    client_tokens,
    identity,
    listeners,
    networks,
    policies,
    rule_batches,
    rules,
    service_associations,
    services,
    snapshot,
    tagging_api,
    tags,
    target_groups,
    targets,
    vpc_associations,
)
from lattice_emulator.world import model as m
from lattice_emulator.world.clock import Clock
from lattice_emulator.world.context import Answer, Context, Moment, Operation, Params
from lattice_emulator.world.errors import not_unicode, unknown_operation
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.lifecycle import FAILED, advance, next_due
from lattice_emulator.world.state import Counters, ForcedFailure, State
from lattice_emulator.world.target_states import TargetState, in_use, state_of

LATTICE: Mapping[str, Operation] = {
    **services.OPERATIONS,
    **listeners.OPERATIONS,
    **rules.OPERATIONS,
    **rule_batches.OPERATIONS,
    **target_groups.OPERATIONS,
    **targets.OPERATIONS,
    **networks.OPERATIONS,
    **service_associations.OPERATIONS,
    **vpc_associations.OPERATIONS,
    **policies.OPERATIONS,
    **access_logs.OPERATIONS,
    **tags.OPERATIONS,
}
OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "vpc-lattice": LATTICE,
    "tagging": tagging_api.OPERATIONS,
    "sts": identity.OPERATIONS,
    "acm": certificates.OPERATIONS,
}


class World:
    """One emulated service with all its accounts and Regions. Not thread-safe; same seed and calls, same ids."""

    def __init__(self, *, knobs: Knobs, clock: Clock, seed: int = 1) -> None:
        self.knobs = knobs
        self.clock = clock
        self.state = State(counters=Counters(seed))
        self._listeners: list[Callable[[], None]] = []

    def call(self, service: str, operation: str, params: Params, caller: m.Caller) -> Answer:
        """Do one operation; its answer by botocore's member names. Raises ServiceError, then nothing has changed.

        ``service`` is a signing name; ``params`` must have passed the service model's checks.
        """
        found = OPERATIONS.get(service, {}).get(operation)
        if found is None:
            raise unknown_operation(service, operation)
        _check_text(params)
        self.advance()
        before = self.state.revision
        answer = _once(Context(self._moment(), caller), operation, found, params)
        advance(self._moment())
        self._tell(before)
        return answer

    def advance(self) -> None:
        """End every life-cycle step that is due by now."""
        before = self.state.revision
        advance(self._moment())
        self._tell(before)

    def next_due(self) -> float | None:
        """When the next life-cycle step ends, in emulated time; None when nothing is under way."""
        return next_due(self.state)

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after every call or step that changed the state."""
        self._listeners.append(listener)

    @property
    def listing_lag(self) -> float:
        """For how many emulated seconds lists miss what is new and still show what is gone."""
        return self.state.listing_lag

    @listing_lag.setter
    def listing_lag(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"listing lag: found {seconds}, expected 0 or more seconds")
        self.state.listing_lag = seconds

    def report_health(self, group_id: str, target: m.TargetKey, health: m.Health) -> None:
        """Note what the health checker concluded about a target; one that is gone or draining is passed over."""
        before = self.state.revision
        targets.report(self._moment(), group_id, target, m.Health(health))
        self._tell(before)

    def target_state(self, group_id: str, target: m.TargetKey) -> TargetState | None:
        """The state of a target as ListTargets shows it; None when there is no such target."""
        group = self.state.target_groups.get(group_id)
        held = self.state.targets.get(group_id, {}).get(target)
        if group is None or held is None:
            return None
        return state_of(self.knobs, group, held, used=in_use(self.state, self.knobs, group_id))

    def fail_step(self, subject: str, goal: m.Status, failure: m.Failure) -> None:
        """Make the next step of the resource with this id or name end in ``goal``, one of the failed statuses."""
        if goal not in FAILED.values():
            raise ValueError(f"fail_step: found {goal}, expected one of {', '.join(FAILED.values())}")
        self.state.forced = (*self.state.forced, ForcedFailure(subject, goal, failure))

    def share(self, identifier: str, accounts: frozenset[str]) -> None:
        """Share a service or a network, by id, with exactly these accounts, as an accepted RAM share does."""
        if identifier not in self.state.services and identifier not in self.state.networks:
            raise ValueError(f"share: found {identifier!r}, expected the id of a service or service network")
        before = self.state.revision
        self.state.shares[identifier] = accounts
        self.state.touch()
        self._tell(before)

    def counts(self) -> dict[str, int]:
        """How many resources of each type there are, over all accounts and Regions."""
        held = {kind.resource_type: len(table) for kind, table in self.state.tables().items()}
        others = {
            "TARGET": sum(len(group) for group in self.state.targets.values()),
            "AUTH_POLICY": len(self.state.auth_policies),
            "CERTIFICATE": len(self.state.certificates),
        }
        return held | others

    def dump(self) -> dict[str, Any]:
        """Everything as JSON-able data, to be given to `load`."""
        return snapshot.dump(self.state)

    @classmethod
    def load(cls, data: Mapping[str, Any], *, knobs: Knobs, clock: Clock) -> "World":
        """The world that was dumped; raises ValueError when ``data`` is no dump."""
        world = cls(knobs=knobs, clock=clock)
        world.state = snapshot.load(data)
        return world

    def _moment(self) -> Moment:
        return Moment(self.state, self.knobs, self.clock.now())

    def _tell(self, before: int) -> None:
        if self.state.revision != before:
            for listener in tuple(self._listeners):
                listener()


def _check_text(params: Params) -> None:
    """Raise ValidationException for text that no file can hold (a lone half of a surrogate pair)."""
    try:
        json.dumps(params, ensure_ascii=False, default=repr).encode()
    except UnicodeEncodeError as error:
        raise not_unicode(error.object[error.start : error.end]) from error


def _once(ctx: Context, operation: str, found: Operation, params: Params) -> Answer:
    """Do the operation, or answer as before when its client token says that it was done."""
    if not operation.startswith("Create"):
        return found(ctx, params)
    earlier = client_tokens.replay(ctx, operation, params)
    if earlier is not None:
        return earlier
    answer = found(ctx, params)
    client_tokens.remember(ctx, operation, params, answer)
    return answer
