"""A line: a stored reading as JSON without a line break, as `cloud/sensors` has it, with `offset` and `received_at`.

Its first and last members are at fixed positions, so that the common queries need no JSON parser.
"""

from edge_wire.store.line import AFTER_OFFSET, START, device_id_of, offset_of

__all__ = [
    "AFTER_OFFSET",
    "TIME_CHARACTERS",
    "device_id_of",
    "head",
    "offset_of",
    "received_at_of",
    "tail",
    "timestamp_of",
]

TIME_CHARACTERS = 24
"""Characters of a time as `2026-01-31T12:00:00.000Z`: such times sort as texts."""


def head(device_id: str) -> bytes:
    """Return the start of each line of `device_id`, up to the value of `timestamp`."""
    return b'%b%b","timestamp":"' % (START, device_id.encode())


def timestamp_of(line: bytes) -> bytes:
    """Return the `timestamp` of a line."""
    begin = line.index(b'"', len(START)) + len(b'","timestamp":"')
    return line[begin : begin + TIME_CHARACTERS]


def received_at_of(line: bytes) -> bytes:
    """Return the `received_at` of a line."""
    return line[-TIME_CHARACTERS - 2 : -2]


def tail(offset: int, received_at: bytes) -> bytes:
    """Return the end of a line, which replaces the brace that closes the reading."""
    return b',"offset":%d,"received_at":"%b"}' % (offset, received_at)
