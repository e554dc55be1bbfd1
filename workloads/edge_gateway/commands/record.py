"""State transitions of a command. Pure: time is a parameter."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from edge_gateway.auth.actor import Actor
from edge_wire.messages import Command, CommandAck, format_timestamp
from edge_wire.store import OPEN_STATES, CommandState

_MESSAGES = {
    CommandState.QUEUED: "command queued",
    CommandState.SENT: "command sent",
    CommandState.NO_SESSION: "nobody subscribes to its command topic: the device receives the command only if it"
    " fetches it over HTTP before the command expires",
    CommandState.ACKED: "command carried out",
    CommandState.FAILED: "command failed",
    CommandState.EXPIRED: "the command expired before the device answered",
}


def key_of(device_id: str, command_id: str) -> str:
    """Return the key of a command; the sender may give commands of several devices the same id."""
    return f"{device_id}/{command_id}"


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command and its state.

    Attributes:
        device_id: the recipient.
        command: the message to the device.
        created_at: when the request arrived.
        state: as last written; `state_at` returns the current one.
        status: of the device's acknowledgement; None before.
        result: of the acknowledgement, or why the command failed.
        actor: the sender.
    """

    device_id: str
    command: Command
    created_at: dt.datetime
    state: CommandState = CommandState.QUEUED
    status: str | None = None
    result: Any = None
    actor: Actor = Actor.API_TOKEN

    @property
    def key(self) -> str:
        """Its key among the commands of the site."""
        return key_of(self.device_id, self.command.command_id)

    def state_at(self, now: dt.datetime) -> CommandState:
        """Return the state at `now`."""
        if self.state in OPEN_STATES and now >= self.command.expires_at:
            return CommandState.EXPIRED
        return self.state

    def sent(self, *, session: bool) -> "CommandRecord":
        """Return the command after the broker accepted it, with or without a session that subscribes to its topic."""
        return self._while_open(CommandState.SENT if session else CommandState.NO_SESSION)

    def fetched(self) -> "CommandRecord":
        """Return the command after the device fetched it over HTTP."""
        return self._while_open(CommandState.SENT)

    def interrupted(self) -> "CommandRecord":
        """Return the command after the connection to the broker ended while it was sent.

        A command of the cloud stays Queued: the cloud repeats its request, and the command is sent again.
        """
        if self.state not in OPEN_STATES or self.actor is Actor.CLOUD:
            return self
        why = "the connection to the broker ended while the command was sent"
        return replace(self, state=CommandState.FAILED, result={"error": why})

    def answered(self, ack: CommandAck) -> "CommandRecord":
        """Return the command after an acknowledgement; only the first one counts.

        An acknowledgement after the expiry counts: the device has carried out the command.
        """
        if self.status is not None:
            return self
        state = CommandState.FAILED if ack.is_failure else CommandState.ACKED
        return replace(self, state=state, status=ack.status, result=ack.result)

    def expired(self) -> "CommandRecord":
        """Return the command after its expiry."""
        return self._while_open(CommandState.EXPIRED)

    def to_object(self, now: dt.datetime) -> dict[str, Any]:
        """Return it as `GET /devices/{id}/commands/{command_id}` shows it."""
        return {
            "device_id": self.device_id,
            "command_id": self.command.command_id,
            "command": self.command.body,
            "created_at": format_timestamp(self.created_at),
            "expires_at": format_timestamp(self.command.expires_at),
            "state": self.state_at(now),
            "status": self.status,
            "result": self.result,
        }

    def to_receipt(self, now: dt.datetime) -> dict[str, Any]:
        """Return the answer to the sender of the command."""
        state = self.state_at(now)
        return {
            "message": _MESSAGES[state],
            "device_id": self.device_id,
            "command": self.command.body,
            "command_id": self.command.command_id,
            "expires_at": format_timestamp(self.command.expires_at),
            "state": state,
        }

    def _while_open(self, state: CommandState) -> "CommandRecord":
        return replace(self, state=state) if self.state in OPEN_STATES else self


def is_same_request(one: CommandRecord, other: CommandRecord) -> bool:
    """Return whether two commands come from the same request of the same sender, which may have been repeated."""
    return one.actor is other.actor and _compared(one.command) == _compared(other.command)


def _compared(command: Command) -> dict[str, Any]:
    # A release before this one stored empty `params` for a command without them.
    return {name: value for name, value in command.to_object().items() if name != "params" or value}
