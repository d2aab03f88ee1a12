"""The lines of the state directory's journal: entries to bytes and back, and what many entries add up to.

In: entries. Out: one JSON line each; and from lines a ``Recorded``. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import msgspec

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.words import Arn
from lattice_gateway.core.objects import DecodeError, NotOurs, Object, Ref, decode, to_raw
from lattice_gateway.engine.feed import ObjectRecord, Recorded, UnitRecord

JOURNAL: Final = "records.jsonl"
"""Name of the journal; a directory that holds one is a state directory."""

FORMAT: Final = 1
"""Version of the journal's format."""


class Binding(msgspec.Struct, frozen=True, tag="binding", tag_field="is", kw_only=True):
    """The first line: whose state this is. ``endpoint`` None is AWS itself; ``source`` is an absolute path."""

    owner: str
    endpoint: str | None
    source: str
    format: int = FORMAT


class ObjectLine(msgspec.Struct, frozen=True, tag="object", tag_field="is"):
    """An object's last good content and the file it stood in."""

    raw: dict[str, Any]
    file: str


class ObjectGone(msgspec.Struct, frozen=True, tag="object gone", tag_field="is"):
    """The removal of an object counted."""

    ref: Ref


class AcceptedLine(msgspec.Struct, frozen=True, tag="accepted", tag_field="is"):
    """The last content of an object whose translation was whole."""

    raw: dict[str, Any]


class AcceptedGone(msgspec.Struct, frozen=True, tag="accepted gone", tag_field="is"):
    """That content no longer matters."""

    ref: Ref


class UnitName(msgspec.Struct, frozen=True, gc=False):
    """A unit's key: its form, and its fields by name."""

    form: str
    fields: dict[str, Any]


class UnitLine(msgspec.Struct, frozen=True, tag="unit", tag_field="is"):
    """A piece of Lattice state that was, or is about to be, created."""

    unit: UnitName
    owner: Ref | None
    arn: str | None = None


class UnitGone(msgspec.Struct, frozen=True, tag="unit gone", tag_field="is"):
    """It is gone from Lattice."""

    unit: UnitName


Entry: TypeAlias = Binding | ObjectLine | ObjectGone | AcceptedLine | AcceptedGone | UnitLine | UnitGone

_FORMS: Final[dict[str, type[UnitKey]]] = {"network": NetworkKey, "service": ServiceKey, "group": GroupKey}
_DECODER: Final = msgspec.json.Decoder(Entry)


def to_line(entry: Entry) -> bytes:
    """The entry as a line of JSON."""
    return msgspec.json.encode(entry) + b"\n"


def object_line(record: ObjectRecord) -> ObjectLine:
    """The entry of an object."""
    return ObjectLine(to_raw(record.thing), record.file)


def unit_name(key: UnitKey) -> UnitName:
    """A unit's key as it is written."""
    form = next(form for form, cls in _FORMS.items() if isinstance(key, cls))
    return UnitName(form, msgspec.to_builtins(key))


def unit_line(record: UnitRecord) -> UnitLine:
    """The entry of a unit."""
    return UnitLine(unit_name(record.key), record.owner, record.arn)


@dataclass(slots=True)
class Ledger:
    """What the entries read so far add up to. ``damaged`` counts lines that say nothing: a torn or foreign line."""

    binding: Binding | None = None
    objects: dict[Ref, ObjectRecord] = field(default_factory=dict)
    units: dict[UnitKey, UnitRecord] = field(default_factory=dict)
    accepted: dict[Ref, Object] = field(default_factory=dict)
    damaged: int = 0

    @property
    def recorded(self) -> Recorded:
        """The sum as one value, over mappings that go on changing."""
        return Recorded(objects=self.objects, units=self.units, accepted=self.accepted)

    def read(self, lines: Iterable[bytes]) -> None:
        """Adds lines of a journal in order."""
        for line in lines:
            try:
                self.add(_DECODER.decode(line))
            except (msgspec.MsgspecError, RecursionError, UnicodeError):
                self.damaged += 1

    def add(self, entry: Entry) -> None:  # one case an entry
        """Adds one entry."""
        match entry:
            case Binding():
                self.binding = entry
            case ObjectLine(raw=raw, file=file):
                for thing in self._decoded(raw):
                    self.objects[thing.ref] = ObjectRecord(thing, file)
            case ObjectGone(ref=ref):
                self.objects.pop(ref, None)
            case AcceptedLine(raw=raw):
                for thing in self._decoded(raw):
                    self.accepted[thing.ref] = thing
            case AcceptedGone(ref=ref):
                self.accepted.pop(ref, None)
            case UnitLine(unit=unit, owner=owner, arn=arn):
                key = _key(unit)
                self.units[key] = UnitRecord(key, owner, Arn(arn) if arn else None)
            case UnitGone(unit=unit):
                self.units.pop(_key(unit), None)

    def entries(self) -> Iterator[Entry]:
        """The shortest list of entries with the same sum."""
        if self.binding:
            yield self.binding
        yield from (object_line(record) for record in self.objects.values())
        yield from (AcceptedLine(to_raw(thing)) for thing in self.accepted.values())
        yield from (unit_line(record) for record in self.units.values())

    def _decoded(self, raw: dict[str, Any]) -> tuple[Object, ...]:
        """The object, or nothing where a newer version no longer reads what an older one wrote."""
        thing = decode(raw)
        if isinstance(thing, NotOurs | DecodeError):
            self.damaged += 1
            return ()
        return (thing,)


def _key(unit: UnitName) -> UnitKey:
    if unit.form not in _FORMS:
        raise msgspec.ValidationError(f"a unit of the form {unit.form!r}")
    return msgspec.convert(unit.fields, _FORMS[unit.form])
