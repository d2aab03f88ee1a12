"""``lattice-gateway sweep``."""

from lattice_gateway.cli.where import Where


async def sweep_text(where: Where, names: tuple[str, ...]) -> str:
    return ""
