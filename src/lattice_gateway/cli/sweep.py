"""``lattice-gateway sweep``: names what is ours without a record, and deletes what a person names of it."""

from collections.abc import AsyncIterator
from random import Random

from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.look import Look, look
from lattice_gateway.cli.where import Place, Where
from lattice_gateway.core.plan.sweep import Orphan
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.removal import NotRemoved, Removal
from lattice_gateway.settings import Settings

NO_VERDICT = "without the controller's records (--state-dir DIR) nothing can be called an orphan"
READ_ONLY = (
    "--delete needs --source DIR and --state-dir DIR: a cluster is only read; without --delete its orphans are listed"
)


async def sweep_text(place: Place, names: tuple[str, ...]) -> str:
    """The list, or what became of each name; raises ``CommandError`` for a name that is no orphan's."""
    if names and not isinstance(place, Where):
        raise CommandError(READ_ONLY)
    seen = await look(place)
    if seen.read.recorded is None and names:
        raise CommandError(f"nothing is deleted: {NO_VERDICT}")
    if seen.read.recorded is None:
        return f"No verdict: {NO_VERDICT}."
    if not seen.read.sight.everything_owned:
        raise CommandError(f"orphans are unknown: {'; '.join(map(str, seen.read.sight.hidden))}")
    if not names:
        return _listed(seen)
    chosen = [_find(seen.orphans, name) for name in names]
    return "\n".join([line async for line in _deleted(seen.read.settings, chosen)])


def _listed(seen: Look) -> str:
    if not seen.orphans:
        return "Nothing of ours in VPC Lattice is without a record."
    rows = [f"  {orphan}\n    {orphan.arn}" for orphan in seen.orphans]
    return "\n".join(
        ["Ours in VPC Lattice without a record; nothing here is deleted unless you name it with --delete:", *rows]
    )


def _find(orphans: tuple[Orphan, ...], name: str) -> Orphan:
    found = [orphan for orphan in orphans if name in {f"{orphan.kind}/{orphan.name}", orphan.arn}]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"{name} names {len(found)} things; give an ARN: {', '.join(one.arn for one in found)}")
    raise CommandError(f"{name} is no orphan; {_known(orphans)}")


def _known(orphans: tuple[Orphan, ...]) -> str:
    names = ", ".join(f"{orphan.kind}/{orphan.name}" for orphan in orphans)
    return f"orphans are {names}" if names else "there are none"


async def _deleted(settings: Settings, chosen: list[Orphan]) -> AsyncIterator[str]:
    async with connect(settings) as lattice:
        removal = Removal(
            settings=settings,
            lattice=lattice,
            clock=SystemClock(),
            random=Random(),  # noqa: S311 - jitter, not secrets
        )
        for orphan in chosen:
            try:
                await removal.remove(orphan)
            except (NotRemoved, LatticeFailure) as error:
                raise CommandError(f"{orphan.kind}/{orphan.name} is not deleted: {error}") from error
            yield f"deleted {orphan.kind}/{orphan.name} ({orphan.id})"
