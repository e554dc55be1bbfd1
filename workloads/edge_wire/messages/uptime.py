"""What Mosquitto tells of itself: for how long it has run."""

from edge_wire.messages.malformed import MalformedError

_UNIT = b"seconds"
_MOST_DIGITS = 12


def parse_uptime(payload: bytes) -> float:
    """Return the seconds that a payload of `$SYS/broker/uptime` says, such as `42 seconds`.

    Raises:
        MalformedError: it says something else.
    """
    seconds, _, unit = payload.partition(b" ")
    if not (seconds.isdigit() and unit == _UNIT and len(seconds) <= _MOST_DIGITS):
        raise MalformedError("field", "the broker's uptime must be such as `42 seconds`")
    return float(seconds)
