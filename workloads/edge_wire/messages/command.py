"""Commands to devices and their acknowledgements."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import as_object, dump, load_object, load_repaired, with_extra
from edge_wire.messages.timestamps import format_timestamp, required_timestamp

ACK_OK = "ok"
"""The `status` of the acknowledgement of a command that was carried out."""

ACK_FAILED = "failed"
"""The `status` of the acknowledgement of a command that failed; `result` is the reason."""

_FAILURES = frozenset({ACK_FAILED, "failure", "error", "rejected"})


_CONTROL = frozenset({"command_id", "expires_at", "expires_in"})
"""Members that the gateway evaluates: it sets the first two in the message to the device."""


@dataclass(frozen=True, slots=True)
class Command:
    """The payload of `devices/{id}/command`: a JSON object with `command_id` and `expires_at`.

    Attributes:
        command_id: of the command; the acknowledgement refers to it.
        expires_at: when it expires (UTC): later the device must not carry it out.
        body: the object as its sender sent it; the device defines which it supports.
    """

    command_id: str
    expires_at: dt.datetime
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The member `command`, the usual name of the action; empty if it is absent or not a string."""
        name = self.body.get("command")
        return name if isinstance(name, str) else ""

    @property
    def params(self) -> Mapping[str, Any]:
        """The member `params`, the usual parameters of the action; empty if it is absent or not an object."""
        params = self.body.get("params")
        return params if isinstance(params, dict) else {}

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the command in `payload`; its body has only the members that the gateway passes on.

        Raises:
            MalformedError: it is not a command.
        """
        fields = load_object(payload)
        command_id = take.required_text(fields, "command_id")
        expires_at = required_timestamp(fields, "expires_at")
        return cls(command_id, expires_at, _passed_on(fields))

    def to_object(self) -> dict[str, Any]:
        """Return the message to the device: the sender's members, with `command_id` and `expires_at`."""
        return {
            "command_id": self.command_id,
            **_passed_on(self.body),
            "expires_at": format_timestamp(self.expires_at),
        }

    def encode(self) -> bytes:
        """Return the payload."""
        return dump(self.to_object())


def _passed_on(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _CONTROL}


@dataclass(frozen=True, slots=True)
class CommandAck:
    """The payload of `devices/{id}/command/ack`.

    Attributes:
        status: `ACK_OK`, `ACK_FAILED` or another word of the device.
        result: the result: any JSON.
        extra: unknown fields.
    """

    command_id: str
    status: str
    result: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_failure(self) -> bool:
        """Whether the device did not carry out the command."""
        return self.status.lower() in _FAILURES

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the acknowledgement in `payload`; a part of the result that JSON cannot have does not cost it.

        Raises:
            MalformedError: it is not a command acknowledgement.
        """
        fields = as_object(load_repaired(payload))
        return cls(
            command_id=take.required_text(fields, "command_id"),
            status=take.required_text(fields, "status"),
            result=fields.pop("result", None),
            extra=fields,
        )

    def to_object(self) -> dict[str, Any]:
        """Return the acknowledgement as a JSON object: the known fields by the contract's names, then the others."""
        known = {"command_id": self.command_id, "status": self.status, "result": self.result}
        return with_extra(known, self.extra)

    def encode(self) -> bytes:
        """Return the payload."""
        return dump(self.to_object())
