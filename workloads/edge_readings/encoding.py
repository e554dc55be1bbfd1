"""From a device's payload to the reading that is stored and published, as JSON: one encoding for both.

`ReadingEncoder.encode` is the fast path, for one reading with the fields of the contract and a usual timestamp. It
returns None for all else, and then `ReadingEncoder.full` must be called, which parses with `parse_readings` and
converts with `process`. Both return the same bytes if both return a reading: a payload that is on the limit is left
to the full path, such as integers beyond 64 bits in the metadata, which become floats.
"""

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from msgspec import UNSET

from edge_readings.arrival import DeviceHead, ReceivedAt
from edge_readings.conversions import clamped
from edge_readings.fragments import Kinds
from edge_readings.processing import Processed, process
from edge_readings.rules import Rule, Rules
from edge_readings.timestamps import Timestamps
from edge_wire.messages import MAX_PAYLOAD_BYTES, Reading, Rejected, parse_readings
from edge_wire.messages.document import MAX_DEPTH

STORE_FIELDS = ("offset", "received_at")
"""The fields that only the store sets: a device cannot send them."""

Identity = tuple[str | None, int | None, bytes]
"""Session, seq, and the end of the JSON with both."""

_SMALL_BYTES = 1024
"""Up to this length a payload is below the limits of all parsers, whatever it contains."""

_SHALLOW_BYTES = 2 * (MAX_DEPTH - 1)
"""Below this length the metadata cannot be nested too deeply."""


class _Sent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    # Null, a type that is not listed and an unknown field are errors, and so left to the full path.
    sensor_type: str
    value: float
    timestamp: str
    device_id: str | None = None
    unit: str | None = None
    location: str | None = None
    metadata: dict[str, Any] = {}
    session: str | int | msgspec.UnsetType = UNSET
    seq: int | msgspec.UnsetType = UNSET


_decode = msgspec.json.Decoder(_Sent).decode


class Encoded(msgspec.Struct, frozen=True, gc=False):
    """A reading, ready to be stored.

    Attributes:
        body: its line up to `offset`, so without the closing brace.
        value: in the stored unit.
        session: identifies a run of the device; None if the reading has none.
        seq: number of the reading within the session; None if it has none.
        rules: the alert rules for its sensor type.
        processed: the reading itself, if it was made; else `ReadingEncoder.processed` makes it.
    """

    body: bytes
    value: float
    session: str | None
    seq: int | None
    rules: tuple[Rule, ...]
    processed: Processed | None = None


@dataclass(frozen=True, slots=True)
class FullResult:
    """The readings and the rejected elements of one payload, both in its order."""

    readings: tuple[Encoded, ...]
    rejected: tuple[Rejected, ...]


class ReadingEncoder:
    """Encodes the readings of a site.

    Args:
        rules: the alert rules in force; other rules need another encoder.
        location: of the site, for readings that name none.
    """

    def __init__(self, rules: Rules, location: str) -> None:
        self._rules = rules
        self._location = location
        self._kinds = Kinds(location, rules)
        self._timestamps = Timestamps()

    def encode(self, device: DeviceHead, payload: bytes, received: ReceivedAt) -> Encoded | None:
        """Return the reading in `payload`; None if `full` must decide. Never raises."""
        try:
            if len(payload) > _SMALL_BYTES and _is_near_a_limit(payload):
                return None
            return self._encoded(_decode(payload), device, received)
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
            # TypeError: orjson cannot write an integer beyond 64 bits.
            return None

    def full(self, device: DeviceHead, payload: bytes, received: ReceivedAt) -> FullResult:
        """Return all readings in `payload`, whatever it is. Never raises for malformed content."""
        parsed = parse_readings(payload, device.name)
        return FullResult(tuple(self._of(self._process(each, received)) for each in parsed.readings), parsed.rejected)

    def processed(self, reading: Encoded, device: DeviceHead, payload: bytes, received: ReceivedAt) -> Processed:
        """Return `reading` as the rules need it: only few readings are near a threshold.

        Args:
            reading: as `encode` or `full` returned it.
            device: as given to them.
            payload: as given to them.
            received: as given to them.
        """
        if reading.processed is not None:
            return reading.processed
        (sent,) = parse_readings(payload, device.name).readings
        return self._process(sent, received)

    def _process(self, reading: Reading, received: ReceivedAt) -> Processed:
        return process(reading, received_at=received.moment, location=self._location, queued_ms=received.queued_ms)

    def _of(self, processed: Processed) -> Encoded:
        reading = processed.reading
        document = reading.to_object()
        for name in STORE_FIELDS:
            document.pop(name, None)
        rules = self._rules.about(reading.sensor_type)
        return Encoded(orjson.dumps(document)[:-1], reading.value, reading.session, reading.seq, rules, processed)

    def _encoded(self, sent: _Sent, device: DeviceHead, received: ReceivedAt) -> Encoded | None:
        timestamp = self._timestamps.format(sent.timestamp, received.latest)
        if timestamp is None or not (sent.device_id is None or sent.device_id == device.name):
            return None
        key = (sent.sensor_type, sent.unit, sent.location)
        kind = self._kinds.get(key) or self._kinds.add(key)
        value = sent.value
        if kind.convert is not None and not math.isfinite(value := kind.convert(value)):
            return None
        if kind.is_humidity:
            value = clamped(value)
        metadata = _members(sent.metadata) if sent.metadata else b""
        identity = _identity(sent.session, sent.seq)
        if metadata is None or identity is None or not sent.sensor_type:
            return None
        session, seq, last = identity
        begin = (device.head, timestamp, kind.before_value, orjson.dumps(value), kind.after_value)
        body = b"".join((*begin, metadata, received.metadata, last))
        return Encoded(body, value, session, seq, kind.rules)


def _is_near_a_limit(payload: bytes) -> bool:
    return len(payload) > MAX_PAYLOAD_BYTES or payload.count(b"[") + payload.count(b"{") > MAX_DEPTH


def _members(metadata: dict[str, Any]) -> bytes | None:
    """Return the members of `metadata` with a comma at the end.

    None if ours would replace one of them, or if they may be nested too deeply.
    """
    if "processed_at" in metadata or "processor" in metadata or "queued_ms" in metadata:
        return None
    members = orjson.dumps(metadata)
    if len(members) >= _SHALLOW_BYTES and members.count(b"[") + members.count(b"{") >= MAX_DEPTH:
        return None
    return members[1:-1] + b","


def _identity(session: str | int | msgspec.UnsetType, seq: int | msgspec.UnsetType) -> Identity | None:
    """Return session and seq as the store compares them, and their JSON; None if one of them is not a usual one."""
    if seq is UNSET:
        number, last = None, b""
    elif -(2**63) <= seq < 2**63:
        number, last = seq, b',"seq":%d' % seq
    else:
        return None
    if session is UNSET:
        return None, number, last
    if isinstance(session, int):
        if not -(2**63) <= session < 2**63:
            return None
        session = str(session)
    return (session, number, b',"session":%b%b' % (orjson.dumps(session), last)) if session else None
