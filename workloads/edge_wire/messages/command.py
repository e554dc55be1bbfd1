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


@dataclass(frozen=True, slots=True)
class Command:
    """The payload of `devices/{id}/command`.

    Attributes:
        command: name of the action, which the device defines.
        params: parameters of the action.
        expires_at: when it expires (UTC): later the device must not carry it out.
        extra: other fields of the request, passed on unchanged.
    """

    command_id: str
    command: str
    expires_at: dt.datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the command in `payload`.

        Raises:
            MalformedError: it is not a command.
        """
        fields = load_object(payload)
        return cls(
            command_id=take.required_text(fields, "command_id"),
            command=take.required_text(fields, "command"),
            expires_at=required_timestamp(fields, "expires_at"),
            params=take.mapping(fields, "params"),
            extra=fields,
        )

    def to_object(self) -> dict[str, Any]:
        """Return the command as a JSON object: the known fields by the contract's names, then the others."""
        known = {
            "command_id": self.command_id,
            "command": self.command,
            "params": self.params,
            "expires_at": format_timestamp(self.expires_at),
        }
        return with_extra(known, self.extra)

    def encode(self) -> bytes:
        """Return the payload."""
        return dump(self.to_object())


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
