"""Who sent a message and when it arrived, prepared as parts of stored readings."""

import datetime as dt

import orjson

from edge_readings.processing import MAX_AHEAD, PROCESSOR
from edge_wire.messages import format_timestamp

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


class DeviceHead:
    """A device, and the start of each of its stored readings.

    Attributes:
        name: its id.
        head: the JSON up to the value of `timestamp`.
    """

    __slots__ = ("head", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.head = b'{"device_id":%b,"timestamp":"' % orjson.dumps(name)


class ReceivedAt:
    """When messages arrived, by our clock; one for all messages that arrived together.

    Attributes:
        milliseconds: since 1970.
        queued_ms: milliseconds that the messages waited in the broker's queue before; 0 if that is short or unknown.
        moment: the same as a time in UTC.
        text: the same as `2026-01-31T12:00:00.000Z`.
        metadata: the last members of `metadata`, and its closing brace.
        latest: milliseconds since 1970; a timestamp after it is suspect.
    """

    __slots__ = ("latest", "metadata", "milliseconds", "moment", "queued_ms", "text")

    def __init__(self, milliseconds: int, queued_ms: int = 0) -> None:
        self.milliseconds = milliseconds
        self.queued_ms = queued_ms
        self.moment = _EPOCH + milliseconds * _MILLISECOND
        self.text = format_timestamp(self.moment).encode()
        queued = b',"queued_ms":%d' % queued_ms if queued_ms else b""
        self.metadata = b'"processed_at":"%b","processor":"%b"%b}' % (self.text, PROCESSOR.encode(), queued)
        self.latest = milliseconds + MAX_AHEAD // _MILLISECOND
