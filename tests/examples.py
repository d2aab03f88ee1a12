"""How many examples a long law draws: all in `make test`, a part of them in `make check`, which has a minute."""

import os

PART = 4
"""`make check` draws one of so many."""


def examples(number: int) -> int:
    """``number`` of them, or a part where QUICK_LAWS is set."""
    return max(5, number // PART) if os.environ.get("QUICK_LAWS") else number
