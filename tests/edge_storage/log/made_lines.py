"""Lines for tests."""

from typing import Any

import orjson

from edge_storage.log.line import head, tail
from edge_storage.timestamps import from_milliseconds
from edge_wire.messages import format_timestamp

NOON = 1_769_860_800_000
RECEIVED_AT = b"2026-01-31T12:00:00.000Z"


def line(
    device_id: str, milliseconds: int, offset: int, *, sensor_type: str = "t", value: float = 1.0, **more: Any
) -> bytes:
    """Return a line; `milliseconds` since 1970 is its `timestamp`."""
    time = format_timestamp(from_milliseconds(milliseconds)).encode()
    members = {"sensor_type": sensor_type, "value": value, "unit": "celsius", "location": "", "metadata": {}} | more
    return head(device_id) + time + b'",' + orjson.dumps(members)[1:-1] + tail(offset, RECEIVED_AT)
