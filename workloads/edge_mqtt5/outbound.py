"""What a client sends with an acknowledgement: single messages, and many in their order."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_mqtt5.encode import publish_head
from edge_mqtt5.errors import PACKET_TOO_LARGE
from edge_mqtt5.fields import MAX_TEXT_BYTES, varint

MAX_PACKET_ID = 65_535
EXACTLY_ONCE_QOS = 2

_LENGTHS = tuple(varint(length) for length in range(2048))
_FIRST, _NO_PROPERTIES = b"\x32", b"\x00"
_FIXED_BYTES = 5
"""Bytes of a PUBLISH with QoS 1 after its length: length of the topic, packet identifier, no properties."""


@dataclass(slots=True, eq=False)
class Reserved:
    """A packet identifier that no message may have: of a SUBSCRIBE, or of a delivery with QoS 2 that nobody waits for.

    The broker may hold that delivery: it would drop another message with QoS 2 and this identifier as a repetition.
    """

    is_delivery: bool


@dataclass(slots=True, eq=False)
class Single:
    """A message with an acknowledgement of its own.

    Attributes:
        topic: in UTF-8.
        payload: the bytes.
        qos: 1 or 2.
        settled: called with the broker's reason code when the delivery is complete or refused; with None if the
            connection has ended before.
        retain: whether the broker keeps it as the topic's retained message.
        expiry: seconds after which the broker drops it; None for never.
        reason: the reason code of the PUBREC; None before it.
    """

    topic: bytes
    payload: bytes
    qos: int
    settled: Callable[[int | None], None]
    retain: bool = False
    expiry: int | None = None
    reason: int | None = None

    def head(self, packet_id: int) -> bytes:
        """Return the packet up to the payload."""
        return publish_head(self.topic, len(self.payload), packet_id, self.qos, retain=self.retain, expiry=self.expiry)


@dataclass(slots=True, eq=False)
class Bulk:
    """Messages with QoS 1 that are confirmed in their order, without an object for each.

    Attributes:
        messages: topics in UTF-8 and payloads.
        moved: called with this object after a read that has moved `confirmed`.
        confirmed: number of messages at the beginning that are all acknowledged, be they accepted or refused.
        refused: reason codes of the refused messages by their index.
        sent: number of messages that have a packet identifier or had one.
        in_flight: packet identifiers of the messages that are not confirmed; at most the window.
        early: those of them that are acknowledged; fewer messages than `in_flight`.
    """

    messages: Sequence[tuple[bytes, bytes]]
    moved: Callable[["Bulk"], None]
    confirmed: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    sent: int = field(default=0, init=False)
    in_flight: deque[int] = field(default_factory=deque, init=False, repr=False)
    early: set[int] = field(default_factory=set, init=False, repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether all messages are acknowledged."""
        return self.confirmed == len(self.messages)

    def settle(self, packet_id: int) -> None:
        """Record the acknowledgement of a message in flight; `confirmed` moves when it is the oldest one."""
        if self.in_flight[0] != packet_id:
            self.early.add(packet_id)
            return
        self.in_flight.popleft()
        self.confirmed += 1
        while self.early and self.in_flight[0] in self.early:
            self.early.remove(self.in_flight.popleft())
            self.confirmed += 1

    def refuse(self, packet_id: int, reason: int) -> None:
        """Record that the broker refused a message in flight; `reason` is the reason code."""
        self.refused[self.confirmed + self.in_flight.index(packet_id)] = reason
        self.settle(packet_id)

    def unacknowledged(self) -> list[tuple[int, int]]:
        """Return packet identifier and index of each message in flight, oldest first."""
        numbered = enumerate(self.in_flight, self.confirmed)
        return [(packet_id, index) for index, packet_id in numbered if packet_id not in self.early]

    def take(self, count: int, first_id: int, taken: dict[int, Any], parts: list[bytes], max_bytes: int) -> int:
        """Append the packets of the next messages; return the packet identifier to begin with the next time.

        Args:
            count: maximum number of messages.
            first_id: where the search for free packet identifiers begins.
            taken: objects by their packet identifiers; gets this object for each of its messages.
            parts: gets the packets in pieces.
            max_bytes: maximum size of a packet; a message that is too large is refused without being sent.
        """
        packet_id, order = first_id, self.in_flight
        for topic, payload in self.messages[self.sent : self.sent + count]:
            size = len(topic)
            length = size + len(payload) + _FIXED_BYTES
            self.sent += 1
            if length > max_bytes or size > MAX_TEXT_BYTES:
                order.append(-self.sent)  # no packet identifier, and unique
                self.refuse(-self.sent, PACKET_TOO_LARGE)
                continue
            while packet_id in taken:
                packet_id = packet_id % MAX_PACKET_ID + 1
            taken[packet_id] = self
            order.append(packet_id)
            parts += (
                _FIRST,
                _LENGTHS[length] if length < len(_LENGTHS) else varint(length),
                size.to_bytes(2, "big"),
                topic,
                packet_id.to_bytes(2, "big"),
                _NO_PROPERTIES,
                payload,
            )
        return packet_id % MAX_PACKET_ID + 1
