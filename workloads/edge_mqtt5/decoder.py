"""Splits the stream of a broker into packets."""

from dataclasses import dataclass, field

from edge_mqtt5.answers import Answer, PubAck
from edge_mqtt5.errors import PACKET_TOO_LARGE, PROTOCOL_ERROR, QOS_NOT_SUPPORTED, TOPIC_ALIAS_INVALID, ProtocolError
from edge_mqtt5.fields import PUBLISH_PROPERTIES, TOPIC_ALIAS_ID, read_properties, read_varint
from edge_mqtt5.parser import parse_answer

Publish = tuple[bytes, bytes, int, int]
"""A message: its topic, its payload, the first byte of its packet (DUP, QoS and RETAIN) and its packet identifier, 0
with QoS 0. A tuple, because an object of a class costs as much as the rest of the decoding."""

RETAIN_FLAG, QOS_FLAGS, DUP_FLAG = 0x01, 0x06, 0x08
"""Bits in the first byte of a PUBLISH, which also has the packet type."""

_ABOVE_QOS_1 = 0x04

MAX_PACKET_BYTES = 4 * 1024 * 1024
"""Default limit of a packet; the CONNECT must announce the same limit."""

REASON_SHIFT = 16
"""Number of bits of a packet identifier in `Packets.acknowledged`."""

_PUBLISH, _PUBACK = 0x30, 0x40
_MAX_LENGTH_BYTES = 4


@dataclass(slots=True)
class Packets:
    """The packets of one read.

    Attributes:
        publishes: messages, in their order.
        acknowledged: packet identifiers of the PUBACKs, in their order; a reason code other than 0 is in the bits above
            the 16 of the identifier.
        answers: the other packets, in their order.
    """

    publishes: list[Publish] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


class Decoder:
    """Decodes the stream of one connection.

    It needs memory for one packet of the maximum size and one read.

    Args:
        max_packet_bytes: maximum number of bytes of a packet after its length; a larger one is a ProtocolError.
    """

    def __init__(self, max_packet_bytes: int = MAX_PACKET_BYTES) -> None:
        self._max_packet_bytes = max_packet_bytes
        self._rest = bytearray()
        self._needed = 0

    def feed(self, data: bytes) -> Packets:
        """Return the packets that are complete with `data`; the start of another one is kept.

        The UTF-8 of a topic is not checked.

        Raises:
            ProtocolError: the stream does not follow MQTT 5; the decoder cannot be used again.
        """
        packets = Packets()
        if self._rest:
            self._rest += data
            # Not joined before the packet is complete: a large packet in small pieces would be copied for each.
            if len(self._rest) < self._needed:
                return packets
            data, self._rest = bytes(self._rest), bytearray()
        try:
            position = self._split(data, packets)
        except IndexError:
            raise ProtocolError("a PUBLISH is shorter than its fields") from None
        if position < len(data):
            self._rest += data[position:]
        return packets

    def _split(self, data: bytes, packets: Packets) -> int:  # noqa: C901 - a call for each packet would cost as much
        """Append the complete packets in `data`; return the position of the first incomplete one."""
        position, end, limit = 0, len(data), self._max_packet_bytes
        add, add_acknowledged = packets.publishes.append, packets.acknowledged.append
        while position < end:
            if position + 2 > end:
                self._needed = 2
                break
            first, length, start = data[position], data[position + 1], position + 2
            if length > 0x7F:  # noqa: PLR2004 - more bytes of the length follow
                length, start = _long_length(data, position, end)
            stop = start + length
            if length > limit:
                raise ProtocolError(f"a packet of {length} bytes: the limit is {limit}", PACKET_TOO_LARGE)
            if stop > end:
                self._needed = stop - position
                break
            if first & 0xF0 == _PUBLISH:
                topic_end = at = start + 2 + (data[start] << 8 | data[start + 1])
                packet_id = 0
                if first & QOS_FLAGS:
                    packet_id = data[at] << 8 | data[at + 1]
                    at += 2
                    if packet_id == 0 or first & _ABOVE_QOS_1:
                        raise _refused(first)
                at = _skip_properties(data, at, stop) if data[at] else at + 1
                if at > stop or topic_end == start + 2:
                    raise ProtocolError("a PUBLISH without a topic, or shorter than its fields")
                add((data[start + 2 : topic_end], data[at:stop], first, packet_id))
            elif first == _PUBACK and length == 2 and (data[start] or data[start + 1]):  # noqa: PLR2004
                add_acknowledged(data[start] << 8 | data[start + 1])
            else:
                _add_answer(first, data[start:stop], packets)
            position = stop
        return position


def _long_length(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Return the length of the packet at `position` and the position after the length; 0 and `end` + 1 if incomplete.

    Raises:
        ProtocolError: the length is malformed.
    """
    stop = position + 1 + _MAX_LENGTH_BYTES
    more = data[position + 2] if position + 2 < end else 0
    if 0 < more <= 0x7F:  # noqa: PLR2004 - the usual case: two bytes
        return data[position + 1] & 0x7F | more << 7, position + 3
    if stop > end and all(byte > 0x7F for byte in data[position + 1 : end]):  # noqa: PLR2004 - more bytes follow
        return 0, end + 1
    return read_varint(data, position + 1, min(stop, end))


def _skip_properties(data: bytes, position: int, stop: int) -> int:
    """Return the position after the properties of a PUBLISH; `data[position]` may be one of the next packet.

    Raises:
        ProtocolError: they are malformed, or have a topic alias: a client that announces none gets none.
    """
    found, position = read_properties(data, position, stop, PUBLISH_PROPERTIES)
    if TOPIC_ALIAS_ID in found:
        raise ProtocolError("a PUBLISH with a topic alias, which the client has not allowed", TOPIC_ALIAS_INVALID)
    return position


def _refused(first: int) -> ProtocolError:
    """Return the error of a PUBLISH with this first byte, and a QoS or a packet identifier that is wrong."""
    if first & QOS_FLAGS == QOS_FLAGS:
        return ProtocolError("a PUBLISH with QoS 3")
    if first & _ABOVE_QOS_1:
        return ProtocolError("a PUBLISH with QoS 2: the client subscribes with QoS 0 and 1 only", QOS_NOT_SUPPORTED)
    return ProtocolError("a PUBLISH with the packet identifier 0", PROTOCOL_ERROR)


def _add_answer(first: int, body: bytes, packets: Packets) -> None:
    answer = parse_answer(first, body)
    if isinstance(answer, PubAck):
        packets.acknowledged.append(answer.packet_id | answer.reason << REASON_SHIFT)
    else:
        packets.answers.append(answer)
