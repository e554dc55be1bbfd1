"""The life of a command: what may follow what. Pure: time is a parameter."""

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from edge_wire.messages import Command, CommandAck, format_timestamp


class State(StrEnum):
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


_MESSAGES = {
    State.QUEUED: "command queued",
    State.SENT: "command sent",
    State.NO_SESSION: "the device has no session with the broker: it receives the command if it polls over HTTP before"
    " the command expires",
    State.ACKED: "command carried out",
    State.FAILED: "command failed",
    State.EXPIRED: "the command expired before the device answered",
}

OPEN = frozenset({State.QUEUED, State.SENT, State.NO_SESSION})
"""States in which the device's answer is still waited for."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command and what has become of it.

    Attributes:
        device_id: whom it is for.
        command: what the device gets.
        created_at: when it was sent.
        state: as it was last written; `state_at` tells what holds now.
        status: the device's own word, once it has answered.
        result: what it answered, or why the command failed.
    """

    device_id: str
    command: Command
    created_at: dt.datetime
    state: State = State.QUEUED
    status: str | None = None
    result: Any = None

    def state_at(self, now: dt.datetime) -> State:
        """Return the state at `now`."""
        if self.state in OPEN and now >= self.command.expires_at:
            return State.EXPIRED
        return self.state

    def sent(self, *, session: bool) -> "CommandRecord":
        """Return what it becomes when the broker has taken it, with a session of the device or with none."""
        return self._while_open(State.SENT if session else State.NO_SESSION)

    def fetched(self) -> "CommandRecord":
        """Return what it becomes when the device itself fetches it."""
        return self._while_open(State.SENT)

    def failed(self, why: str) -> "CommandRecord":
        """Return what it becomes when it cannot be sent."""
        if self.state not in OPEN:
            return self
        return replace(self, state=State.FAILED, result={"error": why})

    def answered(self, ack: CommandAck) -> "CommandRecord":
        """Return what it becomes by the device's answer; the first answer stands.

        An answer that comes after the expiry counts: the device has done it.
        """
        if self.status is not None:
            return self
        state = State.FAILED if ack.is_failure else State.ACKED
        return replace(self, state=state, status=ack.status, result=ack.result)

    def expired(self) -> "CommandRecord":
        """Return what it becomes when its time is over."""
        return self._while_open(State.EXPIRED)

    def to_object(self, now: dt.datetime) -> dict[str, Any]:
        """Return it as `GET /devices/{id}/commands/{command_id}` shows it."""
        return self.command.to_object() | {
            "device_id": self.device_id,
            "created_at": format_timestamp(self.created_at),
            "state": self.state_at(now),
            "status": self.status,
            "result": self.result,
        }

    def to_receipt(self, now: dt.datetime) -> dict[str, Any]:
        """Return what whoever sent it is told."""
        state = self.state_at(now)
        return {
            "message": _MESSAGES[state],
            "device_id": self.device_id,
            "command": self.command.command,
            "command_id": self.command.command_id,
            "state": state,
        }

    def _while_open(self, state: State) -> "CommandRecord":
        return replace(self, state=state) if self.state in OPEN else self
