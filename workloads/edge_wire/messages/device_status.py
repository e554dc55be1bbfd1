"""Status messages of devices: birth, sign-off and will."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, with_extra
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.reading import check_sender
from edge_wire.messages.status_words import ALIVE, Meaning, meaning_of, status_fields, take_word
from edge_wire.messages.timestamps import format_timestamp, optional_timestamp

SIGN_OFF = "Disconnected"
"""The `reason` of an `offline` that the device sent itself; any other counts as its will."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StatusFault:
    """What cannot be read of a status.

    Attributes:
        reason: a short label, as `MalformedError.reason`.
        message: which part is invalid, and what is valid.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The payload of `devices/{id}/status`.

    Attributes:
        status: the meaning of its word: `alive` for each word but online and offline, and if there is none.
        word: the word as the device wrote it, if it is neither online nor offline; empty otherwise.
        last_seen: time of the message by the device's clock (UTC); None if absent or malformed.
        session: identifies a connection of the device.
        reason: why it is offline; `SIGN_OFF` if the device signed off.
        extra: unknown fields.
        fault: what cannot be read of it; None if all of it can be read.
    """

    id: str
    status: Meaning
    name: str = ""
    type: str = ""
    location: str = ""
    last_seen: dt.datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    session: str | None = None
    reason: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    word: str = ""
    fault: StatusFault | None = None

    @property
    def is_sign_off(self) -> bool:
        """Whether the device signed off itself; otherwise an `offline` is its will."""
        return self.status == "offline" and (self.reason or "").lower() == SIGN_OFF.lower()

    @classmethod
    def parse(cls, payload: bytes, device_id: str) -> Self:
        """Return the status of `device_id` in `payload`, an object or a bare word.

        Raises:
            MalformedError: a part of it cannot be read, or it names another device.
        """
        status = cls.read(payload, device_id)
        if status.fault is not None:
            raise MalformedError(status.fault.reason, status.fault.message)
        return status

    @classmethod
    def read(cls, payload: bytes, device_id: str) -> Self:
        """Return what can be read of the status of `device_id` in `payload`: its sender is alive in any case.

        A field with a wrong type counts as absent. Never raises: `fault` says what cannot be read.
        """
        try:
            fields = status_fields(payload)
            check_sender(fields, "id", device_id)
            word = take_word(fields)
        except MalformedError as error:
            return cls(device_id, ALIVE, fault=StatusFault(error.reason, error.message))
        meaning = meaning_of(word)
        tolerant = _Tolerant(fields)
        return cls(
            id=device_id,
            status=meaning,
            name=tolerant.take(take.text, "name", ""),
            type=tolerant.take(take.text, "type", ""),
            location=tolerant.take(take.text, "location", ""),
            last_seen=optional_timestamp(fields, "last_seen"),
            metadata=tolerant.take(take.mapping, "metadata", {}),
            session=take.session(fields),
            reason=tolerant.take(take.optional_text, "reason", None),
            extra=fields,
            word=word if meaning == ALIVE else "",
            fault=tolerant.fault,
        )

    def to_object(self) -> dict[str, Any]:
        """Return the status as a JSON object: the known fields by the contract's names, then the others."""
        known: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "location": self.location,
            "status": self.word or self.status,
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


class _Tolerant:
    """Takes fields of a status; one with a wrong type counts as absent, and the first of these is the fault."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fault: StatusFault | None = None
        self._fields = fields

    def take(self, take_field: Callable[[dict[str, Any], str], T], name: str, default: T) -> T:
        try:
            return take_field(self._fields, name)
        except MalformedError as error:
            self.fault = self.fault or StatusFault(error.reason, error.message)
            return default
