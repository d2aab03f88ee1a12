"""``lattice-gateway sweep``: names what is ours without a record, and deletes what a person names of it."""

from random import Random

from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.look import Look, look
from lattice_gateway.cli.sight import OWNING
from lattice_gateway.cli.where import Place
from lattice_gateway.core.plan.sweep import Orphan
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.removal import NotRemoved, Removal

NO_VERDICT = "without the controller's records (--state-dir DIR) nothing can be called an orphan"


async def sweep_text(place: Place, names: tuple[str, ...]) -> str:
    """The list, or what became of each name; raises ``CommandError`` for a name that is no orphan's.

    Every name must be an orphan's before the first is deleted, and each is looked for again right before.
    """
    seen = await _look(place)
    if seen.read.recorded is None and names:
        raise CommandError(f"nothing is deleted: {NO_VERDICT}")
    if seen.read.recorded is None:
        return f"No verdict: {NO_VERDICT}."
    if not names:
        return _listed(seen)
    _agree(seen)
    for name in names:
        _find(seen, name)
    return "\n".join(await _delete_all(place, tuple(dict.fromkeys(names))))


async def _delete_all(place: Place, names: tuple[str, ...]) -> list[str]:
    """What was deleted; raises ``CommandError`` where one could not be, and says what was deleted before."""
    done: list[str] = []
    for name in names:
        try:
            done.append(await _delete(await _look(place), name))
        except CommandError as error:
            raise CommandError("; ".join([*done, str(error)])) from error
    return done


async def _look(place: Place) -> Look:
    """What is there now; raises ``CommandError`` where objects that own anything are hidden."""
    seen = await look(place)
    if seen.read.recorded is not None and not seen.read.sight.everything_owned:
        hidden = (str(one) for one in seen.read.sight.hidden if one.kind in OWNING)
        raise CommandError(f"orphans are unknown: {'; '.join(hidden)}")
    return seen


def _agree(seen: Look) -> None:
    """Raises ``CommandError`` where we would judge another cluster's things by the objects of this one."""
    if seen.read.contradictions:
        raise CommandError(f"nothing is deleted: {'; '.join(seen.read.contradictions)}")


def _listed(seen: Look) -> str:
    if not seen.orphans:
        return "Nothing of ours in VPC Lattice is without a record."
    rows = [f"  {orphan}\n    {orphan.arn}" for orphan in seen.orphans]
    owner = seen.read.settings.owner
    head = f"Of {owner} in VPC Lattice without a record; nothing here is deleted unless you name it with --delete:"
    return "\n".join([head, *rows])


def _find(seen: Look, name: str) -> Orphan:
    found = [orphan for orphan in seen.orphans if name in {f"{orphan.kind}/{orphan.name}", orphan.arn}]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"{name} names {len(found)} things; give an ARN: {', '.join(one.arn for one in found)}")
    raise CommandError(f"{name} is no orphan; {_known(seen)}")


def _known(seen: Look) -> str:
    names = ", ".join(f"{orphan.kind}/{orphan.name}" for orphan in seen.orphans)
    namespace = seen.read.sight.namespace
    where = f" of namespace {namespace} (-A looks at all)" if namespace is not None else ""
    return f"orphans{where} are {names}" if names else f"there are none{where}"


async def _delete(seen: Look, name: str) -> str:
    """Delete it and say so; raises ``CommandError`` where it is no orphan any more or cannot be deleted."""
    orphan, settings = _find(seen, name), seen.read.settings
    try:
        async with connect(settings) as lattice:
            removal = Removal(
                settings=settings,
                lattice=lattice,
                clock=SystemClock(),
                random=Random(),  # noqa: S311 - jitter, not secrets
            )
            await removal.remove(orphan)
    except (NotRemoved, LatticeFailure) as error:
        raise CommandError(f"{orphan.kind}/{orphan.name} is not deleted: {error}") from error
    return f"deleted {orphan.kind}/{orphan.name} ({orphan.id})"
