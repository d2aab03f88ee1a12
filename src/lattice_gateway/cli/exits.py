"""Exit codes, and the one way in which a command ends with an error: a sentence on standard error."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of all commands.

    ``plan`` and ``release-finalizers`` alone use CHANGES and REFUSED, ``demo`` alone NO_DATA_PLANE.
    """

    DONE = 0
    ERROR = 1
    CHANGES = 2
    REFUSED = 3
    NO_DATA_PLANE = 3


class CommandError(Exception):
    """What stops a command; the message is for the person who typed it."""
