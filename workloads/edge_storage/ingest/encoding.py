"""From the payload of a message to the bodies of lines: the seam for a faster path that returns the same."""

import datetime as dt
from dataclasses import dataclass

import orjson

from edge_readings.processing import Processed, process
from edge_storage.readings import without_store_fields
from edge_wire.messages import Rejected, parse_readings


@dataclass(frozen=True, slots=True)
class EncodedReading:
    """A reading as it will be stored.

    Attributes:
        body: its JSON object without the closing brace; `line.tail` completes it.
        session: of the device; None if the reading has none.
        seq: sequence number in the session; None if the reading has none.
        processed: for the alert rules.
    """

    body: bytes
    session: str | None
    seq: int | None
    processed: Processed


@dataclass(frozen=True, slots=True)
class EncodedMessage:
    """The readings of a message in their order, and what became a dead letter."""

    readings: tuple[EncodedReading, ...]
    rejected: tuple[Rejected, ...]


def encode(payload: bytes, device_id: str, received_at: dt.datetime, location: str) -> EncodedMessage:
    """Parse, convert and encode the readings in `payload`.

    Args:
        payload: as the device sent it.
        device_id: the sender.
        received_at: when it arrived, by our clock (UTC).
        location: of the site, for readings that name none.
    """
    parsed = parse_readings(payload, device_id)
    return EncodedMessage(
        tuple(_encoded(process(reading, received_at=received_at, location=location)) for reading in parsed.readings),
        parsed.rejected,
    )


def _encoded(processed: Processed) -> EncodedReading:
    reading = processed.reading
    body = orjson.dumps(without_store_fields(reading.to_object()))
    return EncodedReading(body[:-1], reading.session, reading.seq, processed)
