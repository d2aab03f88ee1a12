"""The instance that the process runs on, with the SDK's own switches."""

from collections.abc import Mapping

from aiohttp import ClientSession

from lattice_gateway.adapters.imds.identity import Found, Part, ask
from lattice_gateway.adapters.imds.metadata import ADDRESS, Metadata
from lattice_gateway.adapters.imds.tags import Ec2Tags

DISABLED = "AWS_EC2_METADATA_DISABLED"
SERVICE = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
EC2 = "AWS_ENDPOINT_URL_EC2"


async def ask_instance(environment: Mapping[str, str], parts: tuple[Part, ...]) -> Found:
    """The parts as the instance knows them, and why others are missing; never takes five seconds."""
    if environment.get(DISABLED, "").strip().lower() == "true":
        return Found(missing=dict.fromkeys(parts, f"EC2 metadata is turned off by {DISABLED}"))
    address = environment.get(SERVICE) or ADDRESS
    async with ClientSession() as session:
        return await ask(parts, Metadata(session, address), Ec2Tags(environment.get(EC2) or None))
