"""From a reading as the device sent it to the reading as everybody else gets it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from edge_readings.conversions import converted
from edge_wire.messages import Reading, format_timestamp

PROCESSOR = "edge-processor"
"""What `metadata.processor` says, whichever door a reading came by."""

_MOST_AHEAD = dt.timedelta(hours=1)
_EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Processed:
    """A reading that was converted and marked.

    Attributes:
        reading: With our unit, its metadata completed, and a timestamp in every case.
        received_at: When it arrived on site, by our clock, in UTC.
        measured_at: The best we know of when it was measured: its timestamp, or `received_at` where that is suspect.
    """

    reading: Reading
    received_at: dt.datetime
    measured_at: dt.datetime


def process(reading: Reading, *, received_at: dt.datetime, location: str, processor: str = PROCESSOR) -> Processed:
    """Return `reading` with its unit converted, its value clamped and its metadata completed.

    Args:
        reading: As the device sent it.
        received_at: When it arrived, by our clock, in UTC.
        location: The site's; taken where the device named none.
        processor: What the metadata names as having processed it.
    """
    value, unit = converted(reading)
    suspect = is_time_suspect(reading.timestamp, received_at)
    metadata: dict[str, Any] = {
        **reading.metadata,
        "processed_at": format_timestamp(received_at),
        "processor": processor,
    }
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
    return Processed(done, received_at, received_at if suspect else timestamp)


def is_time_suspect(timestamp: dt.datetime | None, received_at: dt.datetime) -> bool:
    """Whether the device's clock cannot be right: missing, before 2000, or more than an hour ahead of ours."""
    return timestamp is None or timestamp < _EARLIEST or timestamp - received_at > _MOST_AHEAD
