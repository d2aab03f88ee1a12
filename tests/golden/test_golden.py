"""Golden cases of the translation: one folder, one behaviour.

``in.yaml`` holds the objects; those of ``base.yaml`` (a class, a Gateway, two Services with a pod each) are there as
well unless the case declares them itself or ``facts.yaml`` says ``without``. ``before.yaml`` is what was there
earlier; it is gone now unless ``in.yaml`` or ``base.yaml`` has it, or ``facts.yaml`` says that it is unreadable.
``facts.yaml`` holds settings, records of services, outcomes, expired parents, unreadable objects, statuses written
before, routes inherited from the Go controller (the generation, or reason and message of what is over). Of
``topology.txt``, ``units.yaml``, ``status.yaml`` and ``gates.yaml`` (pods that wait for their readiness gate, and
where) those are compared that the folder has.

``make golden`` rewrites them; the difference is reviewed like code.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec import structs

from lattice_gateway.cli.plan import is_refused
from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import (
    Done,
    ErrorKind,
    Failed,
    LatticeError,
    Outcome,
    Refusal,
    Result,
    Waiting,
)
from lattice_gateway.core.lattice.words import PREFIX, Arn, Owner, Tags, VpcId
from lattice_gateway.core.objects import READINESS_GATE, DecodeError, Kind, NotOurs, Object, Pod, Ref, decode
from lattice_gateway.core.report.writing import write_status
from lattice_gateway.core.translate.groups import HTTP1_HEALTH
from lattice_gateway.core.translate.inputs import Inheritance, Inherited, ParentOfRoute, ServiceRecord, Settled
from lattice_gateway.core.translate.tree import tree
from lattice_gateway.engine.translation import News, Translation, Unreadable
from lattice_gateway.settings import Settings

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/in.yaml"))
NOW = "2026-01-02T00:00:00Z"
BORN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("folder", [pytest.param(folder, id=folder.name) for folder in CASES])
def test_golden_case(folder: Path, rewrite: bool) -> None:
    case = _translated(folder)
    expected = [name for name in WRITERS if (folder / name).exists()]
    if rewrite:
        for name in expected or ["topology.txt"]:
            (folder / name).write_text(WRITERS[name](case), "utf-8")
        return

    assert expected, f"{folder.name} expects nothing; run make golden"
    for name in expected:
        assert WRITERS[name](case) == (folder / name).read_text("utf-8"), name


def test_there_are_many_small_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("name-override-claims-nothing-yet", True),
        ("name-override-of-a-foreign-service", True),
        ("name-override-of-another-route", True),
        ("name-override-twice", True),
        ("name-override-changed", True),
        ("name-override-removed", True),
        ("name-default-illegal", False),
        ("name-default-is-a-foreign-service", False),
        ("unsupported-fields", False),
    ],
)
def test_a_service_that_a_route_may_not_have_is_a_refusal_of_the_plan(name: str, *, refused: bool) -> None:
    topology = _translated(HERE / name).translation.topology()

    assert any(is_refused(route) for route in topology.routes) is refused


@dataclass(frozen=True)
class Case:
    """A folder, translated; ``written`` are the objects that it declares itself."""

    translation: Translation
    written: tuple[Ref, ...]
    previous: Mapping[Ref, Mapping[str, Any]]


def _translated(folder: Path) -> Case:
    facts = _yaml(folder / "facts.yaml") or {}
    before, present = _objects(folder / "before.yaml"), _objects(folder / "in.yaml")
    declared = {thing.ref for thing in (*before, *present)}
    without = {_ref(text) for text in facts.get("without", ())}
    base = [thing for thing in _objects(HERE / "base.yaml") if thing.ref not in without]
    unreadable = tuple(Unreadable(_ref(text), why) for text, why in facts.get("unreadable", {}).items())
    spared = {one.ref for one in unreadable} | {thing.ref for thing in (*base, *present)}
    translation = Translation(_settings(facts))
    records = {name: _record(name, said) for name, said in facts.get("services", {}).items()}
    earlier = [thing for thing in base if thing.ref not in declared]
    if before:
        translation.apply(News(puts=(*earlier, *before)))
        _settle(translation, facts)
    news = News(
        puts=(*(thing for thing in base if thing.ref not in {one.ref for one in present}), *present),
        gone=tuple(sorted({thing.ref for thing in before} - spared)),
        unreadable=unreadable,
        services=records,
        expired=tuple(ParentOfRoute(_ref(a), _ref(b)) for a, b in facts.get("expired", ())),
        forbidden=frozenset(map(Kind, facts.get("forbidden", ()))),
        inherited={_ref(text): _inheritance(said) for text, said in facts.get("inherited", {}).items()},
    )
    translation.apply(news)
    if not before:
        _settle(translation, facts)
    written = tuple(sorted({thing.ref for thing in present} | {one.ref for one in unreadable}))
    return Case(translation, written, {_ref(text): said for text, said in facts.get("statuses", {}).items()})


def _settings(facts: Mapping[str, Any]) -> Settings:
    owner = Owner("111122223333", "c1", VpcId("vpc-1"))
    return Settings(region="us-west-2", owner=owner, **facts.get("settings", {}))


def _settle(translation: Translation, facts: Mapping[str, Any]) -> None:
    """Tells what became of units."""
    desired = {str(key): unit for key, unit in translation.desired().items()}
    outcomes: dict[UnitKey, Outcome | None] = {}
    for text, said in facts.get("outcomes", {}).items():
        unit = desired[text]
        outcomes[unit.key] = Outcome(
            key=unit.key,
            desired=unit,
            result=_result(said),
            serving=unit if "done" in said else None,
            arn=Arn(said["arn"]) if "arn" in said else None,
            dns_name=said.get("dns"),
        )
    if outcomes:
        translation.apply(News(outcomes=outcomes))


def _result(said: Mapping[str, Any]) -> Result:
    if "waiting" in said:
        return Waiting(said["waiting"])
    if "refused" in said:
        return Refusal(*said["refused"])
    if "failed" in said:
        kind, code, message = said["failed"]
        return Failed(LatticeError(kind=ErrorKind(kind), operation="Call", code=code, message=message))
    return Done()


def _inheritance(said: int | list[str]) -> Inheritance:
    """The generation that was inherited, or reason and message of a hold that is over."""
    return Inherited(said) if isinstance(said, int) else Settled(*said)


def _record(name: str, said: Mapping[str, Any]) -> ServiceRecord:
    tags = Tags({f"application-networking.k8s.aws/{key}": value for key, value in said["tags"].items()})
    return ServiceRecord(name=name, arn=Arn(f"arn:service/{name}"), id=name, tags=tags)


def _objects(path: Path) -> list[Object]:
    """The objects of a file, born an hour apart in their order."""
    found = []
    for number, raw in enumerate(yaml.safe_load_all(path.read_text("utf-8")) if path.exists() else ()):
        thing = _decoded(_expanded(raw))
        assert not isinstance(thing, DecodeError | NotOurs), thing
        meta = thing.metadata
        born = meta.creation_timestamp or BORN.replace(hour=number)
        found.append(
            structs.replace(
                thing, metadata=structs.replace(meta, creation_timestamp=born, generation=meta.generation or 1)
            )
        )
    return found


def _decoded(raw: dict[str, Any]) -> Object | NotOurs | DecodeError:
    """An object of a manifest, or a pod, of which only a cluster tells."""
    if raw["kind"] != Kind.POD:
        return decode(raw)
    for named, member in ((raw["spec"]["readinessGates"], "conditionType"), (raw["status"]["conditions"], "type")):
        for one in named:
            one[member] = one[member].replace("P/pod-readiness-gate", READINESS_GATE)
    return msgspec.convert(raw, Pod)


def _expanded(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest; ``HTTPRoute arena/tickets: {spec: ...}`` is short for kind, namespace and name."""
    if "kind" in raw:
        return dict(raw)
    [(text, rest)] = raw.items()
    ref = _ref(text)
    groups = {Kind.SERVICE: "v1", Kind.NAMESPACE: "v1", Kind.ENDPOINT_SLICE: "discovery.k8s.io/v1", Kind.POD: "v1"}
    own = {Kind.SERVICE_IMPORT, Kind.SERVICE_EXPORT, Kind.TARGET_GROUP_POLICY, Kind.ACCESS_LOG_POLICY}
    version = "application-networking.k8s.aws/v1alpha1" if ref.kind in own else "gateway.networking.k8s.io/v1"
    meta = {"name": ref.name, "namespace": ref.namespace, **rest.get("metadata", {})}
    meta["annotations"] = {
        f"application-networking.k8s.aws/{key}": value for key, value in rest.get("annotations", {}).items()
    }
    body = {key: value for key, value in rest.items() if key not in {"metadata", "annotations"}}
    return {"apiVersion": groups.get(ref.kind, version), "kind": str(ref.kind), "metadata": meta, **body}


def _ref(text: str) -> Ref:
    kind, _, name = text.partition(" ")
    namespace, _, bare = name.rpartition("/")
    return Ref(Kind(kind), namespace, bare)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8")) if path.exists() else None


def _topology(case: Case) -> str:
    return "".join(f"{line}\n" for line in tree(case.translation.topology()))


def _units(case: Case) -> str:
    units = {str(key): _plain(unit) for key, unit in case.translation.topology().units.items()}
    return _dump(units)


def _gates(case: Case) -> str:
    waiting = {
        str(ref): [f"{place.target.address}:{place.target.port} in {place.group}" for place in one.places]
        or ["nowhere", f"nowhere yet, though {one.unlisted} selects it"][one.unlisted is not None]
        for ref, one in sorted(case.translation.waiting().items())
    }
    return _dump(waiting)


def _status(case: Case) -> str:
    """Statuses of the declared objects; each condition on one line, times left out unless they are old."""
    statuses = case.translation.statuses()
    written = {
        str(ref): write_status(statuses[ref], case.previous.get(ref), NOW) for ref in case.written if ref in statuses
    }
    return _dump(_short(written)).replace(PREFIX, "P/")


def _short(value: Any) -> Any:
    match value:
        case {"type": kind, "status": status, "reason": reason, "message": message, **rest}:
            since = rest.get("lastTransitionTime")
            old = f" since {since}" if since != NOW else ""
            generation = f" @{rest.get('observedGeneration')}"
            return f"{kind}={status}/{reason}{generation}{old}{f': {message}' if message else ''}"
        case dict():
            return {key: _short(item) for key, item in value.items()}
        case list():
            return [_short(item) for item in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    """A unit as plain data, members that equal their default left out."""
    if isinstance(value, NetworkKey | ServiceKey | GroupKey):
        return str(value)
    if isinstance(value, Tags):
        return {str(key).replace(PREFIX, "P/"): item for key, item in value.pairs}
    if value == HTTP1_HEALTH:
        return "as for HTTP1"
    if is_dataclass(value) and not isinstance(value, type):
        shown = [one for one in fields(value) if one.name != "key" and _differs(one, value)]
        return {type(value).__name__: {one.name: _plain(getattr(value, one.name)) for one in shown}}
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Enum) else value


def _differs(one: "Field[Any]", value: Any) -> bool:
    default = one.default_factory() if one.default_factory is not MISSING else one.default
    return bool(getattr(value, one.name) != default)


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)


WRITERS = {"topology.txt": _topology, "units.yaml": _units, "status.yaml": _status, "gates.yaml": _gates}
