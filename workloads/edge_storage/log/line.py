"""A line: a stored reading as JSON without a line break, as `cloud/sensors` has it, with `offset` and `received_at`.

Its first and last members are at fixed positions, so that the common queries need no JSON parser.
"""

import re

_START = b'{"device_id":"'
_OFFSET = re.compile(rb',"offset":(\d+),"received_at":"([^"]{24})"\}\Z')
_TIMESTAMP_CHARACTERS = 24
"""Characters of a time as `2026-01-31T12:00:00.000Z`: such times sort as texts."""


def head(device_id: str) -> bytes:
    """Return the start of each line of `device_id`, up to the value of `timestamp`."""
    return b'%b%b","timestamp":"' % (_START, device_id.encode())


def device_id_of(line: bytes) -> bytes:
    """Return the device id of a line. An id never has a quote or a backslash."""
    begin = len(_START)
    return line[begin : line.index(b'"', begin)]


def timestamp_of(line: bytes) -> bytes:
    """Return the `timestamp` of a line."""
    begin = line.index(b'"', len(_START)) + len(b'","timestamp":"')
    return line[begin : begin + _TIMESTAMP_CHARACTERS]


def received_at_of(line: bytes) -> bytes:
    """Return the `received_at` of a line."""
    return line[-_TIMESTAMP_CHARACTERS - 2 : -2]


def offset_of(line: bytes) -> int:
    """Return the `offset` of a line.

    Raises:
        ValueError: it is not a line.
    """
    found = _OFFSET.search(line)
    if found is None:
        raise ValueError(f"not a stored reading: {line[:80]!r}")
    return int(found[1])


def tail(offset: int, received_at: bytes) -> bytes:
    """Return the end of a line, which replaces the brace that closes the reading."""
    return b',"offset":%d,"received_at":"%b"}' % (offset, received_at)
