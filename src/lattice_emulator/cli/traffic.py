"""The data plane beside the API, where there is one."""

import asyncio

from lattice_emulator.admin.emulation import Emulation
from lattice_emulator.admin.entries import SettingError
from lattice_emulator.cli.options import ServeOptions
from lattice_emulator.dataplane.plane import SERVICE_ADDRESSES, DataPlane, FrontDoorError, Options
from lattice_emulator.dataplane.reach import AnyClient, ClientVpc


class Traffic:
    """Starts and stops the data plane of an emulation; ``plane`` is None where none is wanted."""

    def __init__(self, emulation: Emulation, options: ServeOptions) -> None:
        self.plane = _plane(emulation, options) if options.data_plane else None

    async def start(self) -> str:
        """Start carrying traffic; gives the sentence that says where, or why not. Raises SettingError."""
        if self.plane is None:
            return "No data plane was asked for: the API runs alone."
        try:
            await self.plane.start()
        except FrontDoorError as error:
            raise SettingError(f"--front-door-port: {error}") from None
        if self.plane.front_door is None:
            return self.plane.missing or "The data plane carries no traffic."
        host, port = self.plane.front_door
        return f"front door: http://{host}:{port}"

    async def follow(self) -> None:
        """Wait for the end of the data plane, which is an error of ours unless it was stopped."""
        if self.plane is not None:
            await self.plane.wait()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Stop carrying traffic; no process is left."""
        if self.plane is not None:
            await self.plane.stop()


def _plane(emulation: Emulation, options: ServeOptions) -> DataPlane:
    plane = DataPlane(
        emulation,
        knobs=emulation.settings.knobs,
        clock=emulation.clock,
        options=Options(
            client=AnyClient() if options.client_vpc is None else ClientVpc(options.client_vpc),
            front_door=("127.0.0.1", options.front_door_port),
            service_addresses=options.service_addresses or SERVICE_ADDRESSES,
            mappings=options.mappings,
            time_scale=options.time_scale,
        ),
    )
    emulation.subscribe(plane.notify)
    return plane
