"""What must outlive the process, in a cluster: nothing is stored, the objects themselves remember.

In: the objects as they are. Out: records of units. An object that makes something in Lattice carries our finalizer
before it is made; so nothing is lost that a record could have told.
"""

from collections import ChainMap

from lattice_gateway.adapters.kube.finalizers import Finalizers
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.records import records_of
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.words import Arn, Owner
from lattice_gateway.core.objects import Object, Ref
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.engine.feed import NotHeldYet, Recorded, UnitRecord


class ClusterState:
    """Implements ``StateStore``; what no object tells is remembered in memory only."""

    def __init__(self, known: Known, finalizers: Finalizers, owner: Owner) -> None:
        self._known = known
        self._finalizers = finalizers
        self._owner = owner
        self._units: dict[UnitKey, UnitRecord] = {}
        self._told: dict[UnitKey, UnitRecord] = {}
        self._by_object: dict[Ref, tuple[UnitRecord, ...]] = {}
        self._gone: set[tuple[UnitKey, Ref | None, Arn | None]] = set()
        self._accepted: dict[Ref, Object] = {}
        known.on_change(self._changed)
        for seen in known:
            self._changed(seen.ref)

    @property
    def recorded(self) -> Recorded:
        """What is remembered, and what the objects tell; what was remembered wins."""
        return Recorded(units=ChainMap(self._units, self._told), accepted=self._accepted)

    def remember_unit(self, record: UnitRecord) -> None:
        """Remember a unit; raises ``NotHeldYet`` while the object it is made for does not hold our finalizer."""
        owner = record.owner
        if owner is not None and owner.kind in FINALIZERS and not self._finalizers.holds(owner):
            self._finalizers.hold(owner)
            raise NotHeldYet(owner, FINALIZERS[owner.kind])
        self._units[record.key] = record

    def forget_unit(self, key: UnitKey) -> None:
        """The unit is gone from Lattice; what objects told of it does not count until they tell something else."""
        self._units.pop(key, None)
        told = self._told.pop(key, None)
        if told is not None:
            self._gone.add((told.key, told.owner, told.arn))

    def remember_accepted(self, thing: Object) -> None:
        """Remember an object whose translation was accepted whole, for this process (decision 11)."""
        self._accepted[thing.ref] = thing

    def forget_accepted(self, ref: Ref) -> None:
        """The object is gone."""
        self._accepted.pop(ref, None)

    def _changed(self, ref: Ref) -> None:
        """An object is new, changed or gone; a record stays when its object goes, until the unit is gone too."""
        seen = self._known.get(ref)
        if seen is None:
            if self._by_object.pop(ref, None):
                self._gone = {each for each in self._gone if each[1] != ref}
            return
        records = records_of(ref, seen.metadata, self._owner)
        if self._by_object.get(ref, ()) == records:
            return
        self._by_object[ref] = records
        for record in records:
            if (record.key, record.owner, record.arn) not in self._gone:
                self._told[record.key] = record
