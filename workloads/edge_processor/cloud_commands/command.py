"""A command of the cloud, and its result. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from edge_wire.messages import MalformedError
from edge_wire.messages import fields as take
from edge_wire.messages.document import MAX_PAYLOAD_BYTES, as_object, dump
from edge_wire.store import CommandState

REFUSED = "Refused"
"""The state of a command that was not sent to the device."""

_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CloudCommand:
    """A command of the cloud to a device.

    Attributes:
        device_id: the device.
        command_id: assigned by the cloud; the same command always has the same one.
        body: JSON for the gateway, without the device.
        command: what the device is to do; empty if the cloud names none.
    """

    device_id: str
    command_id: str
    body: bytes = field(repr=False)
    command: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the command at this site."""
        return self.device_id, self.command_id

    @classmethod
    def from_document(cls, document: Any, device_id: str | None = None) -> Self:
        """Return the command in a JSON object. The gateway checks all but its ids.

        Args:
            document: parsed JSON.
            device_id: the device that its topic names; None if the object must name it.

        Raises:
            MalformedError: it has no valid ids: there is no place for a result.
        """
        fields = dict(as_object(document))
        named = fields.pop("device_id", device_id)
        if device_id is not None and named != device_id:
            raise MalformedError("field", "device_id names another device than the topic")
        _check_id(named, "device_id")
        command_id = take.required_text(dict(fields), "command_id")
        _check_id(command_id, "command_id")
        try:
            body = dump(fields)
        except TypeError as error:
            raise MalformedError("depth", f"a command is nested too deeply: {error}") from None
        if len(body) > MAX_PAYLOAD_BYTES:
            raise MalformedError("too_large", f"a command has {len(body)} bytes: the limit is {MAX_PAYLOAD_BYTES}")
        command = fields.get("command")
        return cls(named, command_id, body, command if isinstance(command, str) else "")


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The final state of a command.

    Attributes:
        state: Acked, Failed, Expired or `REFUSED`.
        status: of the device's acknowledgement; None without one.
        result: of the acknowledgement, or why the command failed.
        reason: why it was refused, in CamelCase; empty if it was not.
        message: the same for people.
    """

    state: str
    status: str | None = None
    result: Any = None
    reason: str = ""
    message: str = ""

    @classmethod
    def from_answer(cls, state: CommandState, answer: Mapping[str, Any]) -> Self:
        """Return the result in the gateway's answer about a command in a final state."""
        status = answer.get("status")
        return cls(state.value, status if isinstance(status, str) else None, answer.get("result"))

    def to_object(self) -> dict[str, Any]:
        """Return it as the cloud receives it."""
        shown = {"state": self.state, "status": self.status, "result": self.result}
        return shown | ({"reason": self.reason, "message": self.message} if self.reason else {})


def _check_id(text: Any, name: str) -> None:
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise MalformedError(
            "field", f"{name} must have 1 to 64 letters, digits, '.', '_' and '-', and be neither '.' nor '..'"
        )
