"""Converts a reading of a device to the form that is stored and published."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from edge_readings.conversions import converted
from edge_wire.messages import Reading, format_timestamp

PROCESSOR = "edge-processor"
"""Value of `metadata.processor`, for readings by MQTT and by HTTP."""

MAX_AHEAD = dt.timedelta(hours=1)
"""A timestamp that is more than this ahead of our clock is suspect."""

EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""A timestamp before it is suspect."""


@dataclass(frozen=True, slots=True)
class Processed:
    """A converted reading.

    Attributes:
        reading: in the stored unit, with complete metadata, and always with a timestamp.
        received_at: when it arrived on site, by our clock (UTC).
        measured_at: when it was measured: its timestamp, or `received_at` if the timestamp is suspect.
        queued_ms: milliseconds that it waited in the broker's queue before; 0 if that is short or unknown.
    """

    reading: Reading
    received_at: dt.datetime
    measured_at: dt.datetime
    queued_ms: int = 0


def process(
    reading: Reading, *, received_at: dt.datetime, location: str, processor: str = PROCESSOR, queued_ms: int = 0
) -> Processed:
    """Return `reading` with its unit converted, its value clamped and its metadata completed.

    Args:
        reading: as the device sent it.
        received_at: when it arrived, by our clock (UTC).
        location: of the site, for readings that name none.
        processor: value of `metadata.processor`.
        queued_ms: milliseconds in the broker's queue before, for `metadata.queued_ms`; 0 if that is short or unknown.
    """
    value, unit = converted(reading)
    suspect = is_time_suspect(reading.timestamp, received_at)
    metadata: dict[str, Any] = {
        **reading.metadata,
        "processed_at": format_timestamp(received_at),
        "processor": processor,
    }
    if queued_ms:
        metadata["queued_ms"] = queued_ms
    if suspect:
        metadata["time_suspect"] = True
    timestamp = reading.timestamp or received_at
    done = Reading(
        device_id=reading.device_id,
        sensor_type=reading.sensor_type,
        value=value,
        timestamp=timestamp,
        unit=unit,
        location=reading.location or location,
        metadata=metadata,
        session=reading.session,
        seq=reading.seq,
        extra=reading.extra,
    )
    return Processed(done, received_at, received_at if suspect else timestamp, queued_ms)


def is_time_suspect(timestamp: dt.datetime | None, received_at: dt.datetime) -> bool:
    """Whether a timestamp is missing, before 2000, or more than an hour ahead of our clock."""
    return timestamp is None or timestamp < EARLIEST or timestamp - received_at > MAX_AHEAD
