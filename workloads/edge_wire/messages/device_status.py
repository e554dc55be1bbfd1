"""Status messages of devices: birth, sign-off and will."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object, with_extra
from edge_wire.messages.reading import check_sender
from edge_wire.messages.timestamps import format_timestamp, optional_timestamp

SIGN_OFF = "Disconnected"
"""The `reason` of an `offline` that the device sent itself; any other counts as its will."""

_BARE = {b"online": "online", b"offline": "offline", b'"online"': "online", b'"offline"': "offline"}
_MAX_BARE_BYTES = 32


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The payload of `devices/{id}/status`.

    Attributes:
        last_seen: time of the message by the device's clock (UTC); None if absent or malformed.
        session: identifies a connection of the device.
        reason: why it is offline; `SIGN_OFF` if the device signed off.
        extra: unknown fields.
    """

    id: str
    status: Literal["online", "offline"]
    name: str = ""
    type: str = ""
    location: str = ""
    last_seen: dt.datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    session: str | None = None
    reason: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_sign_off(self) -> bool:
        """Whether the device signed off itself; otherwise an `offline` is its will."""
        return self.status == "offline" and self.reason == SIGN_OFF

    @classmethod
    def parse(cls, payload: bytes, device_id: str) -> Self:
        """Return the status of `device_id` in `payload`; the bare words `online` and `offline` are valid too.

        Raises:
            MalformedError: it is not a status, or names another device.
        """
        if len(payload) <= _MAX_BARE_BYTES and (bare := _BARE.get(payload.strip().lower())):
            return cls(id=device_id, status="online" if bare == "online" else "offline")
        fields = load_object(payload)
        check_sender(fields, "id", device_id)
        return cls(
            id=device_id,
            status="online" if take.one_of(fields, "status", ("online", "offline")) == "online" else "offline",
            name=take.text(fields, "name"),
            type=take.text(fields, "type"),
            location=take.text(fields, "location"),
            last_seen=optional_timestamp(fields, "last_seen"),
            metadata=take.mapping(fields, "metadata"),
            session=take.session(fields),
            reason=take.optional_text(fields, "reason"),
            extra=fields,
        )

    def to_object(self) -> dict[str, Any]:
        """Return the status as a JSON object: the known fields by the contract's names, then the others."""
        known: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "location": self.location,
            "status": self.status,
            "last_seen": format_timestamp(self.last_seen) if self.last_seen else None,
            "metadata": self.metadata,
        }
        if self.session is not None:
            known["session"] = self.session
        if self.reason is not None:
            known["reason"] = self.reason
        return with_extra(known, self.extra)

    def encode(self) -> bytes:
        """Return the payload."""
        return dump(self.to_object())
