"""Messages about the broker itself: boot id, uptime, number of dropped messages."""

from edge_wire.messages.malformed import MalformedError

_UNIT = b"seconds"
_MAX_DIGITS = 12


def parse_boot(payload: bytes) -> str:
    """Return the boot id in a payload of `edge/broker/boot`, which is unique for each start of the broker.

    Raises:
        MalformedError: it is not UTF-8.
    """
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("utf8", f"the broker's boot id is not UTF-8: {error}") from error


def parse_uptime(payload: bytes) -> float:
    """Return the seconds in a payload of `$SYS/broker/uptime`, such as `42 seconds`.

    Raises:
        MalformedError: it has another format.
    """
    seconds, _, unit = payload.partition(b" ")
    if not (seconds.isdigit() and unit == _UNIT and len(seconds) <= _MAX_DIGITS):
        raise MalformedError("field", "the broker's uptime must be such as `42 seconds`")
    return float(seconds)


def parse_dropped(payload: bytes) -> int:
    """Return the number in a payload of `$SYS/broker/publish/messages/dropped`.

    Raises:
        MalformedError: it has another format.
    """
    if not (payload.isdigit() and len(payload) <= _MAX_DIGITS):
        raise MalformedError("field", "what the broker has dropped must be a whole number")
    return int(payload)
