"""States of a command to a device."""

from enum import StrEnum


class CommandState(StrEnum):
    """Where a command is.

    Queued → Sent (the broker has it for the device's session, or the device has fetched it) or NoSession (the device
    has no session; it may still fetch the command) → Acked or Failed by the device's answer. Expired: its time has
    passed without an answer.
    """

    QUEUED = "Queued"
    SENT = "Sent"
    NO_SESSION = "NoSession"
    ACKED = "Acked"
    FAILED = "Failed"
    EXPIRED = "Expired"


OPEN_STATES = frozenset({CommandState.QUEUED, CommandState.SENT, CommandState.NO_SESSION})
"""States in which the answer of the device is still expected."""

FINAL_STATES = frozenset(CommandState) - OPEN_STATES
"""States that no open state replaces."""
