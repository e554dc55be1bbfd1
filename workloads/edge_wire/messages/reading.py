"""A reading: one measured value of a device."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object, with_extra
from edge_wire.messages.malformed import MalformedError, kind
from edge_wire.messages.timestamps import format_timestamp, optional_timestamp


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading on `devices/{id}/data` or `cloud/sensors/{id}`.

    Attributes:
        timestamp: when the device measured it, by its own clock (UTC); None if absent or malformed.
        unit: of `value`, as the device spelt it; empty if absent.
        session: identifies a run of the device.
        seq: number of the reading within the session, to detect duplicates.
        extra: unknown fields, and a malformed session or seq.
    """

    device_id: str
    sensor_type: str
    value: float
    timestamp: dt.datetime | None = None
    unit: str = ""
    location: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    session: str | None = None
    seq: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes, device_id: str) -> Self:
        """Return the one reading in `payload`, which came from `device_id`.

        Raises:
            MalformedError: it is not a reading, or names another device.
        """
        return cls.from_object(load_object(payload), device_id)

    @classmethod
    def from_object(cls, document: Mapping[str, Any], device_id: str) -> Self:
        """Return the reading in a JSON object that came from `device_id`.

        Raises:
            MalformedError: it is not a reading, or names another device.
        """
        fields = dict(document)
        check_sender(fields, "device_id", device_id)
        return cls(
            device_id=device_id,
            sensor_type=take.required_text(fields, "sensor_type"),
            value=take.number(fields, "value"),
            timestamp=optional_timestamp(fields, "timestamp"),
            unit=take.text(fields, "unit"),
            location=take.text(fields, "location"),
            metadata=take.mapping(fields, "metadata"),
            session=take.session(fields),
            seq=take.whole_number(fields, "seq"),
            extra=fields,
        )

    def to_object(self) -> dict[str, Any]:
        """Return the reading as a JSON object: the known fields by the contract's names, then the others."""
        known: dict[str, Any] = {
            "device_id": self.device_id,
            "timestamp": format_timestamp(self.timestamp) if self.timestamp else None,
            "sensor_type": self.sensor_type,
            "value": self.value,
            "unit": self.unit,
            "location": self.location,
            "metadata": self.metadata,
        }
        if self.session is not None:
            known["session"] = self.session
        if self.seq is not None:
            known["seq"] = self.seq
        return with_extra(known, self.extra)

    def encode(self) -> bytes:
        """Return the payload."""
        return dump(self.to_object())


def check_sender(fields: dict[str, Any], name: str, device_id: str) -> None:
    """Remove the device id from a payload and check it: it may be absent, but must not differ from the topic's.

    Raises:
        MalformedError: it is of another device, or not a string.
    """
    value = fields.pop(name, None)
    if value is None or value == device_id:
        return
    if not isinstance(value, str):
        raise MalformedError("type", f"{name} must be a string, not {kind(value)}")
    raise MalformedError("impersonation", f"{name} names another device than the topic or URL it came by, {device_id}")
