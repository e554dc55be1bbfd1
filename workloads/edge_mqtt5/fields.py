"""Fields of packets: integers of variable length, strings and properties."""

from types import MappingProxyType

from edge_mqtt5.errors import PROTOCOL_ERROR, ProtocolError

MAX_TEXT_BYTES = 65_535
MAX_VARINT = 268_435_455
"""Maximum number in four bytes of seven bits, also the maximum number of bytes that follow a packet's length."""

_LAST_SHIFT = 21

SUBSCRIPTION_ID, TOPIC_ALIAS_ID, USER_PROPERTY_ID, MESSAGE_EXPIRY_ID = 0x0B, 0x23, 0x26, 0x02
SESSION_EXPIRY_ID, SERVER_KEEP_ALIVE_ID, RECEIVE_MAXIMUM_ID, MAXIMUM_QOS_ID = 0x11, 0x13, 0x21, 0x24
RETAIN_AVAILABLE_ID, MAXIMUM_PACKET_SIZE_ID, REASON_STRING_ID = 0x25, 0x27, 0x1F

_TEXT, _VARINT, _PAIR = -1, -2, -3
_SIZES = MappingProxyType(
    dict.fromkeys((0x01, 0x17, 0x19, MAXIMUM_QOS_ID, RETAIN_AVAILABLE_ID, 0x28, 0x29, 0x2A), 1)
    | dict.fromkeys((SERVER_KEEP_ALIVE_ID, RECEIVE_MAXIMUM_ID, 0x22, TOPIC_ALIAS_ID), 2)
    | dict.fromkeys((MESSAGE_EXPIRY_ID, SESSION_EXPIRY_ID, 0x18, MAXIMUM_PACKET_SIZE_ID), 4)
    | dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, REASON_STRING_ID), _TEXT)
    | {SUBSCRIPTION_ID: _VARINT, USER_PROPERTY_ID: _PAIR}
)
"""Number of bytes of each property, by its identifier; negative: see the three names above."""

_REPEATABLE = (SUBSCRIPTION_ID, USER_PROPERTY_ID)

PUBLISH_PROPERTIES = frozenset((0x01, MESSAGE_EXPIRY_ID, 0x03, 0x08, 0x09, SUBSCRIPTION_ID, TOPIC_ALIAS_ID, 0x26))
CONNACK_PROPERTIES = frozenset(
    (
        SESSION_EXPIRY_ID,
        RECEIVE_MAXIMUM_ID,
        MAXIMUM_QOS_ID,
        RETAIN_AVAILABLE_ID,
        MAXIMUM_PACKET_SIZE_ID,
        0x12,
        0x22,
        REASON_STRING_ID,
    )
) | {USER_PROPERTY_ID, 0x28, 0x29, 0x2A, SERVER_KEEP_ALIVE_ID, 0x1A, 0x1C, 0x15, 0x16}
ACK_PROPERTIES = frozenset((REASON_STRING_ID, USER_PROPERTY_ID))
DISCONNECT_PROPERTIES = frozenset((SESSION_EXPIRY_ID, REASON_STRING_ID, USER_PROPERTY_ID, 0x1C))


def varint(number: int) -> bytes:
    """Return a number in one to four bytes of seven bits, the least significant ones first.

    Raises:
        ValueError: it is negative or larger than `MAX_VARINT`.
    """
    if not 0 <= number <= MAX_VARINT:
        raise ValueError(f"a packet cannot have {number} bytes: MQTT allows {MAX_VARINT}")
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def read_varint(data: bytes, position: int, stop: int) -> tuple[int, int]:
    """Return the number at `position`, which is counted in bytes, and the position after it.

    Raises:
        ProtocolError: it does not end before `stop`, has more than four bytes, or more bytes than it needs.
    """
    number = shift = 0
    while position < stop:
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the highest bit means that there is another byte
            if byte == 0 and shift:
                raise ProtocolError("a length has more bytes than it needs")
            return number, position
        if shift == _LAST_SHIFT:
            raise ProtocolError("a length has more than four bytes")
        shift += 7
    raise ProtocolError("a length goes beyond the end of its packet")


def text(value: str) -> bytes:
    """Return a string in UTF-8 with its length.

    Raises:
        ValueError: it is longer than 65,535 bytes or cannot be encoded.
    """
    return binary(value.encode())


def binary(value: bytes) -> bytes:
    """Return binary data with its length.

    Raises:
        ValueError: it is longer than 65,535 bytes.
    """
    if len(value) > MAX_TEXT_BYTES:
        raise ValueError(f"a field of MQTT has at most {MAX_TEXT_BYTES} bytes, and this one {len(value)}")
    return len(value).to_bytes(2, "big") + value


def read_properties(
    data: bytes, position: int, stop: int, allowed: frozenset[int]
) -> tuple[dict[int, int | bytes], int]:
    """Return the properties at `position` by their identifiers, and the position after them.

    Args:
        data: contains the packet.
        position: of the length of the properties, in bytes.
        stop: the end of the packet, in bytes.
        allowed: identifiers that the packet may have.

    Raises:
        ProtocolError: they do not end before `stop`, or one is unknown, not allowed here, or repeated.
    """
    length, position = read_varint(data, position, stop)
    end = position + length
    if end > stop:
        raise ProtocolError("the properties go beyond the end of their packet")
    found: dict[int, int | bytes] = {}
    while position < end:
        identifier, position = read_varint(data, position, end)
        if identifier not in allowed:
            raise ProtocolError(f"the property {identifier:#04x} is unknown, or its packet must not have it")
        if identifier in found and identifier not in _REPEATABLE:
            raise ProtocolError(f"the property {identifier:#04x} is there twice", PROTOCOL_ERROR)
        found[identifier], position = _read_value(data, position, end, _SIZES[identifier])
    return found, position


def _read_value(data: bytes, position: int, end: int, size: int) -> tuple[int | bytes, int]:
    if size == _VARINT:
        return read_varint(data, position, end)
    if size == _PAIR:
        _, position = _read_text(data, position, end)
        return _read_text(data, position, end)
    if size == _TEXT:
        return _read_text(data, position, end)
    if position + size > end:
        raise ProtocolError("a property goes beyond the end of its packet")
    return int.from_bytes(data[position : position + size], "big"), position + size


def _read_text(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    start = position + 2
    stop = start + int.from_bytes(data[position:start], "big")
    if start > end or stop > end:
        raise ProtocolError("a property goes beyond the end of its packet")
    return data[start:stop], stop
