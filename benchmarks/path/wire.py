"""The packets of MQTT 5 that load generators, subscribers and the null processor need, many per read; without I/O.

The one place with the codec: `Decoder`, `publish` and `pubacks` are what `null_processor` shares with an ingester.
"""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.wire_fleet import packet, text

PUBLISH, PUBACK, CONNACK, SUBACK = 0x30, 0x40, 0x20, 0x90
PING = b"\xc0\0"
LAST_ID = 60_000
"""Highest packet id that is used for a PUBLISH; higher ones are free for subscriptions."""


class Publish(NamedTuple):
    """A received PUBLISH.

    Attributes:
        topic: as bytes.
        packet_id: the two bytes; empty at QoS 0.
        payload: as bytes.
    """

    topic: bytes
    packet_id: bytes
    payload: bytes


@dataclass(slots=True)
class Packets:
    """What one read brought.

    Attributes:
        publishes: received messages.
        acknowledged: packet ids of PUBACKs.
        others: first byte and body of all other packets.
    """

    publishes: list[Publish] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    others: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Connect:
    """A CONNECT of MQTT 5.

    Attributes:
        client_id: also the username, unless another one is given.
        password: of the login.
        username: of the login; empty for the client id.
        clean: whether the session starts empty.
        expiry_seconds: for which the broker keeps the session.
        receive_maximum: number of unacknowledged messages that the broker may send.
    """

    client_id: str
    password: str
    username: str = ""
    clean: bool = True
    expiry_seconds: int = 0
    receive_maximum: int = 65535

    def encode(self) -> bytes:
        """Return the packet; keepalive is off, so that a stopped process keeps its connection."""
        flags = 0xC0 | (2 if self.clean else 0)
        properties = (
            b"\x11" + struct.pack("!I", self.expiry_seconds) + b"\x21" + struct.pack("!H", self.receive_maximum)
        )
        head = text("MQTT") + bytes((5, flags, 0, 0, len(properties))) + properties
        return packet(0x10, head + text(self.client_id) + text(self.username or self.client_id) + text(self.password))


def subscribe(topic: str, number: int = 65000) -> bytes:
    """Return a SUBSCRIBE at QoS 1 with the packet id `number`; retained messages are not sent."""
    return packet(0x82, struct.pack("!H", number) + b"\0" + text(topic) + bytes((0b0010_0001,)))


def publish(topic: bytes, packet_id: int, payload: bytes, first: int = 0x32) -> bytes:
    """Return a PUBLISH at QoS 1; `topic` has its length before it."""
    return packet(first, topic + packet_id.to_bytes(2, "big") + b"\0" + payload)


def pubacks(publishes: list[Publish]) -> bytes:
    """Return the PUBACKs of messages of QoS 1."""
    return b"@\x02" + b"@\x02".join([each.packet_id for each in publishes])


def receive_maximum(body: bytes) -> int:
    """Return how many unacknowledged messages the broker takes, from the body of a CONNACK without long properties."""
    at = body.find(b"\x21", 3)
    return int.from_bytes(body[at + 1 : at + 3], "big") if at >= 0 else 65535


class Decoder:
    """Cuts a stream into packets; a partial one waits for more."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Packets:
        """Return the whole packets so far."""
        found = Packets()
        if self._rest:
            data = self._rest + data
        position, end = 0, len(data)
        while end - position >= 2:
            length, start = data[position + 1], position + 2
            if length & 0x80:
                # Two bytes of length reach to 16 KiB: nothing here is larger.
                if end - position < 3:
                    break
                length, start = (length & 0x7F) | data[position + 2] << 7, position + 3
            stop = start + length
            if stop > end:
                break
            self._take(found, data, position, start, stop)
            position = stop
        self._rest = data[position:]
        return found

    @staticmethod
    def _take(found: Packets, data: bytes, position: int, start: int, stop: int) -> None:
        first = data[position]
        kind = first & 0xF0
        if kind == PUBLISH:
            topic_end = start + 2 + (data[start] << 8 | data[start + 1])
            id_end = topic_end + 2 if first & 6 else topic_end
            payload = id_end + 1 + data[id_end]
            found.publishes.append(Publish(data[start + 2 : topic_end], data[topic_end:id_end], data[payload:stop]))
        elif kind == PUBACK:
            found.acknowledged.append(data[start] << 8 | data[start + 1])
        else:
            found.others.append((first, data[start:stop]))
