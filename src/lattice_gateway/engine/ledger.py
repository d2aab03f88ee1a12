"""Records of what we create: written before the create, kept until the thing is gone (decision 35)."""

from collections.abc import Mapping

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.outcome import Answer
from lattice_gateway.core.lattice.units import Absent, Desired, Network, RouteOwner, Service
from lattice_gateway.core.lattice.words import Arn, SourceType
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.engine.feed import UnitRecord
from lattice_gateway.engine.ports import StateStore

KINDS: Mapping[SourceType, Kind] = {
    SourceType.HTTP_ROUTE: Kind.HTTP_ROUTE,
    SourceType.GRPC_ROUTE: Kind.GRPC_ROUTE,
    SourceType.TLS_ROUTE: Kind.TLS_ROUTE,
    SourceType.SERVICE_EXPORT: Kind.SERVICE_EXPORT,
}
SOURCES: Mapping[Kind, SourceType] = {kind: source for source, kind in KINDS.items()}


class Ledger:
    """The records of units in the state store."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    @property
    def records(self) -> Mapping[UnitKey, UnitRecord]:
        """Everything that is recorded."""
        return self._state.recorded.units

    def creating(self, unit: UnitKey, desired: Desired) -> None:
        """Write down what is about to be created; raises ``StateUnwritable``."""
        record = UnitRecord(unit, _maker(desired), None)
        if self._state.recorded.units.get(unit) != record:
            self._state.remember_unit(record)

    def created(self, unit: UnitKey, answer: Answer) -> None:
        """Write down what it became; raises ``StateUnwritable``, and then the record without ARN stands."""
        record = self._state.recorded.units.get(unit)
        if record is not None and answer.arn is not None and answer.arn != record.arn:
            self._state.remember_unit(UnitRecord(unit, record.owner, answer.arn))

    def found(self, unit: UnitKey, desired: Desired, arn: Arn) -> None:
        """Write down what was there already and is ours now; raises ``StateUnwritable``."""
        record = UnitRecord(unit, _maker(desired), arn)
        if self._state.recorded.units.get(unit) != record:
            self._state.remember_unit(record)

    def gone(self, unit: UnitKey) -> None:
        """The unit has left Lattice."""
        if unit in self._state.recorded.units:
            self._state.forget_unit(unit)


def absence(record: UnitRecord) -> Absent:
    """What a record asks for when nobody wants the unit any more."""
    return Absent(record.key, owner=_route(record.owner), arn=record.arn)


def _maker(desired: Desired) -> Ref | None:
    """The object that a unit is made for."""
    match desired:
        case Service(owner=owner):
            return Ref(KINDS[owner.source], owner.namespace, owner.name)
        case Network(gateway=str(gateway)):
            namespace, _, name = gateway.partition("/")
            return Ref(Kind.GATEWAY, namespace, name)
        case _:
            return None


def _route(maker: Ref | None) -> RouteOwner | None:
    if maker is None or maker.kind not in SOURCES:
        return None
    return RouteOwner(namespace=maker.namespace, name=maker.name, source=SOURCES[maker.kind])
