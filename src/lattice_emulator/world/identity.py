"""STS: who the caller is (spec/lattice.md §13.4)."""

from lattice_emulator.world.arns import partition_of
from lattice_emulator.world.context import Answer, Context, Operation, Params


def get_caller_identity(ctx: Context, params: Params) -> Answer:  # noqa: ARG001  # every operation takes parameters
    """GetCallerIdentity: a user of the caller's account."""
    account = ctx.caller.account
    arn = f"arn:{partition_of(ctx.caller.region)}:iam::{account}:user/emulator"
    return {"UserId": "AIDAEMULATOR00000000", "Account": account, "Arn": arn}


OPERATIONS: dict[str, Operation] = {"GetCallerIdentity": get_caller_identity}
