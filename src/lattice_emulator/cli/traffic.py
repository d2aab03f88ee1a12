"""The data plane beside the API, where there is one."""

from lattice_emulator.admin import routes
from lattice_emulator.admin.emulation import Emulation
from lattice_emulator.cli.options import ServeOptions


class Traffic:
    """Starts, follows and stops the data plane; ``plane`` is None while none runs."""

    def __init__(self, emulation: Emulation, options: ServeOptions) -> None:
        self._emulation = emulation
        self._options = options
        self.plane: routes.Traffic | None = None

    async def start(self) -> str:
        """Start what can be started; gives the sentence about it."""
        return "no data plane"

    async def follow(self) -> None:
        """Tell the data plane of changes, until cancelled."""

    async def stop(self) -> None:
        """Stop the data plane."""
