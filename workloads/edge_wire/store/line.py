"""What the store and its readers find in a line, a stored reading as `cloud/sensors` has it, without a JSON parser.

The device id is the first member of a line, `offset` and `received_at` are the last ones.
"""

START = b'{"device_id":"'
_OFFSET = b',"offset":'
_RECEIVED_AT = b',"received_at":"'
_END_BYTES = len(_RECEIVED_AT) + len('2026-01-31T12:00:00.000Z"}')

AFTER_OFFSET = -_END_BYTES
"""Position after the digits of `offset`, from the end of a line."""

_RECEIVED_AT_ENDS = AFTER_OFFSET + len(_RECEIVED_AT)


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
    begin = line.rfind(b":", 0, AFTER_OFFSET) + 1
    digits = line[begin:AFTER_OFFSET]
    is_line = line[AFTER_OFFSET:_RECEIVED_AT_ENDS] == _RECEIVED_AT and line[begin - len(_OFFSET) : begin] == _OFFSET
    if not (is_line and digits.isdigit()):
        raise ValueError(f"not a stored reading: {line[:80]!r}")
    return int(digits)
