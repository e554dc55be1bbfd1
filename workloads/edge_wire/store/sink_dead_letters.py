"""Dead letters of sinks: readings and alerts that a destination rejected."""

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from edge_wire.messages import fields as take
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.timestamps import format_timestamp, required_timestamp


@dataclass(frozen=True, slots=True)
class SinkDeadLetter:
    """A reading or an alert that the destination of a sink rejected.

    Attributes:
        offset: of the reading; None for an alert.
        device_id: of the reading or alert.
        received_at: when the store received the reading (aware); of an alert its time.
        reason: a short word for a metric or a filter, such as `rejected`.
        message: the answer of the destination.
        payload: the line of the reading, or the alert as JSON, in bytes.
    """

    offset: int | None
    device_id: str
    received_at: dt.datetime
    reason: str
    message: str
    payload: bytes

    @classmethod
    def from_object(cls, document: Any) -> Self:
        """Return the dead letter in a JSON object; other fields are ignored.

        Raises:
            MalformedError: it is not such a dead letter.
        """
        if not isinstance(document, Mapping):
            raise MalformedError("type", "a dead letter must be an object")
        fields = dict(document)
        return cls(
            offset=_offset(fields),
            device_id=take.required_text(fields, "device_id"),
            received_at=required_timestamp(fields, "received_at"),
            reason=take.required_text(fields, "reason"),
            message=take.text(fields, "message"),
            payload=_payload(fields),
        )

    def to_object(self) -> dict[str, Any]:
        """Return the dead letter as a JSON object."""
        return {
            "offset": self.offset,
            "device_id": self.device_id,
            "received_at": format_timestamp(self.received_at),
            "reason": self.reason,
            "message": self.message,
            "payload": base64.b64encode(self.payload).decode(),
        }


@dataclass(frozen=True, slots=True)
class SinkResend:
    """A dead letter of a sink that a person has marked for another delivery.

    Attributes:
        id: of the dead letter.
        letter: the dead letter.
    """

    id: int
    letter: SinkDeadLetter

    @classmethod
    def from_object(cls, document: Mapping[str, Any]) -> Self:
        """Return the dead letter in an item of the store's answer.

        Raises:
            MalformedError: it is not such a dead letter.
        """
        number = take.whole_number(dict(document), "id")
        if number is None:
            raise MalformedError("field", "id is missing or not a whole number")
        return cls(number, SinkDeadLetter.from_object(document))


@dataclass(frozen=True, slots=True)
class DeadLetterCounts:
    """Number of dead letters.

    Attributes:
        sinks: number of rejected readings and alerts by the name of the sink; a sink without any is absent.
        readings: number of payloads of devices that are not readings.
    """

    sinks: Mapping[str, int]
    readings: int


@dataclass(frozen=True, slots=True)
class DeclaredSinks:
    """What a declaration of sinks has changed.

    Attributes:
        created: names of the sinks that are new, or that have a new cursor.
        deleted: names of the sinks of which a cursor was deleted.
    """

    created: tuple[str, ...]
    deleted: tuple[str, ...]


def _offset(fields: dict[str, Any]) -> int | None:
    if fields.get("offset") is None:
        return None
    offset = take.whole_number(fields, "offset")
    if offset is None or not 0 <= offset < 2**63:
        raise MalformedError("field", "offset must be the offset of a reading, or null for an alert")
    return offset


def _payload(fields: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(take.text(fields, "payload"), validate=True)
    except ValueError as error:
        raise MalformedError("field", f"payload must be base64: {error}") from error
