"""States of a command to a device."""

from enum import StrEnum
from typing import NamedTuple


class CommandState(StrEnum):
    """Where a command is.

    Queued → Sent (the broker has it for the device's session, or the device has fetched it) or NoSession (nobody
    subscribes to the command topic of the device; it may still fetch the command) → Acked or Failed by the device's
    answer. Expired: its time has passed without an answer.
    """

    QUEUED = "Queued"
    SENT = "Sent"
    NO_SESSION = "NoSession"
    ACKED = "Acked"
    FAILED = "Failed"
    EXPIRED = "Expired"


class StoredAcks(NamedTuple):
    """What the store did with acknowledgements of commands.

    Attributes:
        stored: number of those that were the first to their command.
        unknown: indexes of the items that refer to a command that the store does not have.
    """

    stored: int
    unknown: tuple[int, ...]


OPEN_STATES = frozenset({CommandState.QUEUED, CommandState.SENT, CommandState.NO_SESSION})
"""States in which the answer of the device is still expected."""

FINAL_STATES = frozenset(CommandState) - OPEN_STATES
"""States that no open state replaces."""
