"""One change of an object under an optimistic lock, repeated on the fresh object where somebody else was faster."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from lattice_gateway.adapters.kube.api import Api, KubeError, KubeFailure, MayWrite, Patch
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.reading import Seen, read_item
from lattice_gateway.core.objects import Ref

Change = Callable[[Seen], Mapping[str, Any] | None]
"""What to merge into an object in this form; None: nothing."""

TRIES: Final = 5
"""Conflicts in a row until the object is left to the others for a while."""

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
REFUSED_PAUSE: Final = 300.0
"""Seconds after a failure, doubled with each further one, and at most; after a refusal that will not change soon."""


class Changer:
    """Changes objects that are known; right before each change it is asked whether this replica leads."""

    def __init__(self, api: Api, known: Known, may_write: MayWrite) -> None:
        self._api = api
        self._known = known
        self._may_write = may_write

    async def change(self, ref: Ref, change: Change) -> bool:
        """Merge into the object itself; whether it is there to be changed. Raises ``KubeFailure``."""
        path = self._known.path(ref)
        return path is not None and await self._change(ref, path, change)

    async def change_status(self, ref: Ref, change: Change) -> bool:
        """Merge into its status, if the kind has one; whether it is there to be changed. Raises ``KubeFailure``."""
        path = self._known.status_path(ref)
        return path is None or await self._change(ref, path, change)

    async def _change(self, ref: Ref, path: str, change: Change) -> bool:
        try:
            for _ in range(TRIES):
                if await self._attempt(ref, path, change):
                    return True
        except KubeFailure as failure:
            if failure.error.absent:
                return False
            raise
        raise KubeFailure(KubeError(message=f"{ref} was changed by others {TRIES} times in a row"))

    async def _attempt(self, ref: Ref, path: str, change: Change) -> bool:
        """Whether it is done; if not, the newest form of the object is known now. Raises ``KubeFailure``."""
        form = self._known.latest(ref)
        body = change(form) if form is not None else None
        if form is None or body is None:
            return True
        if not self._may_write():
            raise KubeFailure(KubeError(message="another replica leads"))
        try:
            self._answered(ref, await self._api.patch(path, _locked(body, form), Patch.MERGE))
        except KubeFailure as failure:
            if not failure.error.conflict:
                raise
            await self._look(ref)
            if self._known.latest(ref) == form:
                raise
            return False
        return True

    async def _look(self, ref: Ref) -> None:
        """Read the object again; raises ``KubeFailure``."""
        path = self._known.path(ref)
        if path is not None:
            self._answered(ref, await self._api.get(path, {}))

    def _answered(self, ref: Ref, answer: bytes) -> None:
        served = self._known.served(ref.kind)
        if served is not None:
            self._known.answered(read_item(answer, served))


def _locked(body: Mapping[str, Any], form: Seen) -> dict[str, Any]:
    """The change, to be refused unless the object is still the one, and in the form, that it was made for."""
    lock = {"uid": form.metadata.uid, "resourceVersion": form.version}
    return {**body, "metadata": {**body.get("metadata", {}), **lock}}


def patience(error: KubeError, failures: int, random: Random) -> float:
    """Seconds until a failed change is tried again."""
    if error.lasting:
        return REFUSED_PAUSE
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
    return max(error.retry_after, longest * (0.5 + random.random() / 2))
