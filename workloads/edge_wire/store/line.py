"""What the store and its readers find in a line, a stored reading as `cloud/sensors` has it, without a JSON parser.

The device id is the first member of a line, `offset` and `received_at` are the last ones.
"""

import re

START = b'{"device_id":"'
_OFFSET = re.compile(rb',"offset":(\d+),"received_at":"([^"]{24})"\}\Z')


def device_id_of(line: bytes) -> bytes:
    """Return the device id of a line. An id never has a quote or a backslash.

    Raises:
        ValueError: it is not a line.
    """
    begin = len(START)
    return line[begin : line.index(b'"', begin)]


def offset_of(line: bytes) -> int:
    """Return the `offset` of a line.

    Raises:
        ValueError: it is not a line.
    """
    found = _OFFSET.search(line)
    if found is None:
        raise ValueError(f"not a stored reading: {line[:80]!r}")
    return int(found[1])
