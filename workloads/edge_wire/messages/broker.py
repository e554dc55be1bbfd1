"""What is told of the broker itself: which of its starts this is, how long it has run, what it has dropped."""

from edge_wire.messages.malformed import MalformedError

_UNIT = b"seconds"
_MOST_DIGITS = 12


def parse_boot(payload: bytes) -> str:
    """Return what names the broker's start: the payload of `edge/broker/boot` as it is, unlike that of any other start.

    Raises:
        MalformedError: it is no text.
    """
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("utf8", f"the broker's boot id is not UTF-8: {error}") from error


def parse_uptime(payload: bytes) -> float:
    """Return the seconds that a payload of `$SYS/broker/uptime` says, such as `42 seconds`.

    Raises:
        MalformedError: it says something else.
    """
    seconds, _, unit = payload.partition(b" ")
    if not (seconds.isdigit() and unit == _UNIT and len(seconds) <= _MOST_DIGITS):
        raise MalformedError("field", "the broker's uptime must be such as `42 seconds`")
    return float(seconds)


def parse_dropped(payload: bytes) -> int:
    """Return how many messages a payload of `$SYS/broker/publish/messages/dropped` says.

    Raises:
        MalformedError: it says something else.
    """
    if not (payload.isdigit() and len(payload) <= _MOST_DIGITS):
        raise MalformedError("field", "what the broker has dropped must be a whole number")
    return int(payload)
