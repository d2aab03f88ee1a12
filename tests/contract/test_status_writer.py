"""A status directory is a writer like any other."""

from pathlib import Path

import pytest

from lattice_gateway.adapters.files import StatusDirectory
from lattice_gateway.core.objects import Kind, Ref
from tests.contract.status_writers import *  # noqa: F403 - the suite
from tests.contract.status_writers import WriterStage


@pytest.fixture
def stage(tmp_path: Path) -> WriterStage:
    async def nothing() -> None:
        return

    async def again() -> StatusDirectory:
        return StatusDirectory(tmp_path)

    ref = Ref(Kind.HTTP_ROUTE, "default", "one")
    return WriterStage(writer=StatusDirectory(tmp_path), ref=ref, settle=nothing, again=again)
