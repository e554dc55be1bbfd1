"""Packets of a client as bytes."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge_mqtt5.fields import (
    MAXIMUM_PACKET_SIZE_ID,
    MESSAGE_EXPIRY_ID,
    RECEIVE_MAXIMUM_ID,
    SESSION_EXPIRY_ID,
    binary,
    text,
    varint,
)

PINGREQ = b"\xc0\x00"

_CONNECT, _PUBLISH, _PUBREL, _SUBSCRIBE, _DISCONNECT = 0x10, 0x30, 0x62, 0x82, 0xE0
_MQTT_5 = 5
_CLEAN_START, _WILL, _WILL_RETAIN, _PASSWORD, _USERNAME = 0x02, 0x04, 0x20, 0x40, 0x80


@dataclass(frozen=True, slots=True)
class WillMessage:
    """The message that the broker publishes if the connection ends without a DISCONNECT."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT.

    Attributes:
        client_id: identifies the session.
        clean_start: whether to start with an empty session.
        session_expiry: seconds that the broker keeps the session after the connection has ended.
        receive_maximum: maximum number of unacknowledged messages that the client accepts; None for 65,535.
        max_packet_bytes: maximum size of a packet that the client accepts in bytes; the broker drops larger messages.
        keepalive: seconds between two packets of the client; 0 switches the check off.
        username: None without one.
        password: not part of `repr`; None without one.
        will: None without one.
    """

    client_id: str
    clean_start: bool = True
    session_expiry: int = 0
    receive_maximum: int | None = None
    max_packet_bytes: int | None = None
    keepalive: int = 15
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    will: WillMessage | None = None

    def encode(self) -> bytes:
        """Return the packet.

        Raises:
            ValueError: a field is too long or out of range.
        """
        flags = _CLEAN_START if self.clean_start else 0
        properties = _number(SESSION_EXPIRY_ID, self.session_expiry, 4)
        if self.receive_maximum is not None:
            properties += _number(RECEIVE_MAXIMUM_ID, self.receive_maximum, 2)
        if self.max_packet_bytes is not None:
            properties += _number(MAXIMUM_PACKET_SIZE_ID, self.max_packet_bytes, 4)
        rest = text(self.client_id)
        if self.will is not None:
            flags |= _WILL | self.will.qos << 3 | (_WILL_RETAIN if self.will.retain else 0)
            rest += b"\x00" + text(self.will.topic) + binary(self.will.payload)
        if self.username is not None:
            flags |= _USERNAME
            rest += text(self.username)
        if self.password is not None:
            flags |= _PASSWORD
            rest += text(self.password)
        head = text("MQTT") + bytes((_MQTT_5, flags)) + _bytes(self.keepalive, 2)
        return _packet(_CONNECT, head + varint(len(properties)) + properties + rest)


@dataclass(frozen=True, slots=True)
class Filter:
    """A topic filter of a SUBSCRIBE.

    Attributes:
        topic: the filter.
        qos: maximum QoS of received messages.
        retain_handling: number of the option: 0 for the retained messages on each SUBSCRIBE, 1 only for a new
            subscription, 2 for never.
    """

    topic: str
    qos: int = 1
    retain_handling: int = 0


def subscribe(packet_id: int, filters: Iterable[Filter]) -> bytes:
    """Return a SUBSCRIBE.

    Raises:
        ValueError: a filter is too long.
    """
    body = b"".join(text(each.topic) + bytes((each.qos | each.retain_handling << 4,)) for each in filters)
    return _packet(_SUBSCRIBE, _bytes(packet_id, 2) + b"\x00" + body)


def publish_head(
    topic: bytes,
    payload_bytes: int,
    packet_id: int,
    qos: int = 1,
    *,
    retain: bool = False,
    dup: bool = False,
    expiry: int | None = None,
) -> bytes:
    """Return a PUBLISH up to its payload, which need not be copied for it.

    Args:
        topic: in UTF-8.
        payload_bytes: length of the payload.
        packet_id: 0 with QoS 0.
        qos: 0, 1 or 2.
        retain: whether the broker keeps it as the topic's retained message.
        dup: whether it may have been sent before.
        expiry: seconds after which the broker drops it; None for never.

    Raises:
        ValueError: the topic or the packet is too long, or the expiry is out of range.
    """
    first = _PUBLISH | qos << 1 | retain | dup << 3
    fields = binary(topic)
    if qos:
        fields += packet_id.to_bytes(2, "big")
    fields += b"\x00" if expiry is None else b"\x05" + _number(MESSAGE_EXPIRY_ID, expiry, 4)
    return bytes((first,)) + varint(len(fields) + payload_bytes) + fields


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """Return a PUBACK for each packet identifier, in their order."""
    count = len(packet_ids)
    packets = bytearray(b"\x40\x02\x00\x00" * count)
    numbers = struct.pack(f">{count}H", *packet_ids)
    packets[2::4], packets[3::4] = numbers[::2], numbers[1::2]
    return bytes(packets)


def pubrel(packet_id: int, reason: int = 0) -> bytes:
    """Return a PUBREL, the second packet of a delivery with QoS 2; `reason` is the reason code."""
    return _packet(_PUBREL, _bytes(packet_id, 2) + (bytes((reason,)) if reason else b""))


def disconnect(reason: int = 0) -> bytes:
    """Return a DISCONNECT; `reason` is the reason code: with 0 the broker does not publish the will."""
    return _packet(_DISCONNECT, bytes((reason,)) if reason else b"")


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + varint(len(body)) + body


def _number(identifier: int, value: int, size: int) -> bytes:
    return bytes((identifier,)) + _bytes(value, size)


def _bytes(value: int, size: int) -> bytes:
    try:
        return value.to_bytes(size, "big")
    except OverflowError:
        raise ValueError(f"{value} does not fit into a field of {size} bytes") from None
