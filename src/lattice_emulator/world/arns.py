"""ARNs of resources: how they are written, and what a given identifier names (spec/lattice.md §1, §3.1)."""

from dataclasses import dataclass
from typing import assert_never

from lattice_emulator.world import model as m
from lattice_emulator.world.context import Context
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.knobs import ArnAccount

Associated = m.ServiceAssociation | m.VpcAssociation


@dataclass(frozen=True, slots=True)
class ArnParts:
    """An ARN of the service, taken apart; ``tail`` is all after the account."""

    region: str
    account: str
    tail: str


def parse(text: str) -> ArnParts | None:
    """The parts of a vpc-lattice ARN; None when ``text`` is none."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "vpc-lattice":
        return None
    return ArnParts(parts[3], parts[4], parts[5])


def last_id(text: str) -> str:
    """The id in an identifier: itself, or what follows the last slash of an ARN."""
    return text.rpartition("/")[2]


def tail_of(resource: m.Resource) -> str:
    """What follows the account in the resource's ARN."""
    match resource:
        case m.Service(id=own):
            return f"service/{own}"
        case m.Listener(id=own, service_id=service):
            return f"service/{service}/listener/{own}"
        case m.Rule(id=own, service_id=service, listener_id=listener):
            return f"service/{service}/listener/{listener}/rule/{own}"
        case m.TargetGroup(id=own):
            return f"{Kind.TARGET_GROUP.segment}/{own}"
        case m.ServiceNetwork(id=own):
            return f"{Kind.NETWORK.segment}/{own}"
        case m.ServiceAssociation(id=own):
            return f"{Kind.SERVICE_ASSOCIATION.segment}/{own}"
        case m.VpcAssociation(id=own):
            return f"{Kind.VPC_ASSOCIATION.segment}/{own}"
        case m.AccessLogSubscription(id=own):
            return f"{Kind.ACCESS_LOG.segment}/{own}"
        case _:
            assert_never(resource)


def arn_in(home: m.Caller, tail: str) -> str:
    """The ARN of what lives in ``home``."""
    return f"arn:{partition_of(home.region)}:vpc-lattice:{home.region}:{home.account}:{tail}"


def arn_of(ctx: Context, resource: m.Resource) -> str:
    """The resource's ARN as the caller sees it: an association bears the caller's own account."""
    home = resource.home
    if isinstance(resource, Associated) and ctx.knobs.association_arn_account is ArnAccount.CALLER:
        home = m.Caller(ctx.caller.account, home.region)
    return arn_in(home, tail_of(resource))


def partition_of(region: str) -> str:
    """The partition that a Region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def names(ctx: Context, text: str, resource: m.Resource) -> bool:
    """Whether the identifier ``text`` (an id or an ARN) is the resource's, parents, Region and account included."""
    if not text.startswith("arn:"):
        return text == resource.id
    parts = parse(text)
    if parts is None:
        return False
    accounts = {resource.home.account}
    if isinstance(resource, Associated):
        accounts.add(ctx.caller.account)
    return parts.tail == tail_of(resource) and parts.region == resource.home.region and parts.account in accounts
