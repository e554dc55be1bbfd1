"""The client's side of a session: packet identifiers, the broker's receive maximum, acknowledgements. Sans-IO."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from edge_mqtt5.answers import ConnAck, PubComp, PubRec
from edge_mqtt5.decoder import REASON_SHIFT
from edge_mqtt5.encode import publish_head, pubrel
from edge_mqtt5.errors import (
    FIRST_FAILURE,
    PACKET_IDENTIFIER_NOT_FOUND,
    PACKET_TOO_LARGE,
    PROTOCOL_ERROR,
    QOS_NOT_SUPPORTED,
    RETAIN_NOT_SUPPORTED,
    ProtocolError,
)
from edge_mqtt5.fields import MAX_VARINT
from edge_mqtt5.outbound import EXACTLY_ONCE_QOS, MAX_PACKET_ID, Bulk, Reserved, Single

MAX_WINDOW_MESSAGES = 60_000
"""Maximum number of messages in flight: there are always free packet identifiers."""

_NUMBER_MASK = 0xFFFF
_HEAD_BYTES = 16
"""Bytes of a PUBLISH besides its topic and payload, or a few more."""


class Outgoing:
    """All messages of one client, over any number of connections.

    Single messages go out before bulks, and otherwise in the order of the calls. A single message fails when the
    connection ends. Bulks remain: after the next connect their unacknowledged messages go out again, with DUP and the
    same packet identifiers if the broker has resumed the session.

    Args:
        first_id: packet identifier of the first message. A random one: a session of an earlier process may contain an
            incomplete delivery with QoS 2, and its identifier is unknown.
        window: maximum number of messages in flight; the broker's receive maximum may be lower.
    """

    def __init__(self, first_id: int, window: int) -> None:
        self._next_id = first_id % MAX_PACKET_ID + 1
        self._most = min(window, MAX_WINDOW_MESSAGES)
        self._limits = ConnAck(session_present=False, reason=0, receive_maximum=0)
        self._in_flight: dict[int, Single | Bulk | Reserved] = {}
        self._again: deque[tuple[int, Bulk, int]] = deque()
        self._dup = False
        self._singles: deque[Single] = deque()
        self._bulks: deque[Bulk] = deque()

    @property
    def window_messages(self) -> int:
        """Maximum number of messages in flight on this connection; 0 without one."""
        return self._limits.receive_maximum

    def reserve_id(self) -> int:
        """Return a packet identifier for a SUBSCRIBE; `release_id` makes it free again."""
        packet_id = self._free_id()
        self._in_flight[packet_id] = Reserved(is_delivery=False)
        return packet_id

    def release_id(self, packet_id: int) -> None:
        """Make the packet identifier of a SUBSCRIBE free.

        Raises:
            ProtocolError: there is no such SUBSCRIBE.
        """
        entry = self._in_flight.get(packet_id)
        if not isinstance(entry, Reserved) or entry.is_delivery:
            raise ProtocolError(f"SUBACK: there is no SUBSCRIBE with the packet identifier {packet_id}", PROTOCOL_ERROR)
        del self._in_flight[packet_id]

    def connected(self, limits: ConnAck) -> bytes:
        """Begin a connection; return what must go out before all else: PUBRELs of the resumed session."""
        self._limits = replace(limits, receive_maximum=min(limits.receive_maximum, self._most))
        self._dup = limits.session_present
        deliveries = [packet_id for packet_id, entry in self._in_flight.items() if isinstance(entry, Reserved)]
        if limits.session_present:
            # The broker completes the delivery, or answers that it has none with this identifier.
            return b"".join(pubrel(packet_id) for packet_id in deliveries)
        for packet_id in deliveries:
            del self._in_flight[packet_id]
        return b""

    def lost(self) -> None:
        """End a connection: single messages fail, bulks wait for the next one."""
        self._limits = replace(self._limits, receive_maximum=0)
        in_flight, self._in_flight = self._in_flight, {}
        waiting, self._singles = self._singles, deque()
        for packet_id, entry in in_flight.items():
            if isinstance(entry, Bulk):
                self._in_flight[packet_id] = entry
            elif _is_delivery(entry):
                self._in_flight[packet_id] = Reserved(is_delivery=True)
        bulks = dict.fromkeys(entry for entry in in_flight.values() if isinstance(entry, Bulk))
        self._again = deque((number, bulk, at) for bulk in bulks for number, at in bulk.unacknowledged())
        for single in [entry for entry in in_flight.values() if isinstance(entry, Single)] + [*waiting]:
            single.settled(None)

    def send(self, single: Single) -> int | None:
        """Queue a message; return a reason code instead if the broker does not accept such messages."""
        if single.qos > self._limits.maximum_qos:
            return QOS_NOT_SUPPORTED
        if single.retain and not self._limits.retain_available:
            return RETAIN_NOT_SUPPORTED
        if self._is_too_large(single.topic, single.payload):
            return PACKET_TOO_LARGE
        self._singles.append(single)
        return None

    def send_many(self, bulk: Bulk) -> None:
        """Queue messages."""
        if bulk.messages:
            self._bulks.append(bulk)

    def take(self) -> list[bytes]:
        """Return the packets that can be sent now, in pieces; they are in flight then."""
        room = self._limits.receive_maximum - len(self._in_flight) + len(self._again)
        parts: list[bytes] = []
        while room > 0 and self._again:
            packet_id, bulk, index = self._again.popleft()
            topic, payload = bulk.messages[index]
            parts += (publish_head(topic, len(payload), packet_id, dup=self._dup), payload)
            room -= 1
        while room > 0 and self._singles:
            single, packet_id = self._singles.popleft(), self._free_id()
            self._in_flight[packet_id] = single
            parts += (single.head(packet_id), single.payload)
            room -= 1
        self._take_bulks(room, parts)
        return parts

    def acknowledged(self, acknowledged: Iterable[int]) -> None:
        """Settle single messages, then report the progress of bulks.

        Args:
            acknowledged: packet identifiers and reason codes, as in `Packets`: one for each of the messages.

        Raises:
            ProtocolError: a PUBACK for a message with QoS 2.
        """
        moved: dict[Bulk, None] = {}
        take = self._in_flight.pop
        for each in acknowledged:
            packet_id = each & _NUMBER_MASK
            entry = take(packet_id, None)
            if entry.__class__ is Bulk:
                reason = each >> REASON_SHIFT
                if reason >= FIRST_FAILURE:
                    entry.refuse(packet_id, reason)
                else:
                    entry.settle(packet_id)
                moved[entry] = None
            elif isinstance(entry, Single) and entry.qos == 1:
                entry.settled(each >> REASON_SHIFT)
            elif entry is not None:
                raise ProtocolError(
                    f"a PUBACK for the packet identifier {packet_id}, which awaits none", PROTOCOL_ERROR
                )
        for bulk in moved:
            bulk.moved(bulk)

    def received(self, answer: PubRec) -> bytes:
        """Handle a PUBREC; return the PUBREL to send, empty if the broker refused the message."""
        entry = self._in_flight.get(answer.packet_id)
        if isinstance(entry, Single) and entry.qos == EXACTLY_ONCE_QOS:
            if answer.reason >= FIRST_FAILURE:
                del self._in_flight[answer.packet_id]
                entry.settled(answer.reason)
                return b""
            entry.reason = answer.reason
            return pubrel(answer.packet_id)
        if isinstance(entry, Reserved) and entry.is_delivery:
            return pubrel(answer.packet_id)
        return pubrel(answer.packet_id, PACKET_IDENTIFIER_NOT_FOUND)

    def completed(self, answer: PubComp) -> None:
        """Handle a PUBCOMP."""
        entry = self._in_flight.get(answer.packet_id)
        if isinstance(entry, Single) and entry.reason is not None:
            del self._in_flight[answer.packet_id]
            entry.settled(entry.reason)
        elif isinstance(entry, Reserved) and entry.is_delivery:
            del self._in_flight[answer.packet_id]

    def _take_bulks(self, room: int, parts: list[bytes]) -> None:
        moved: list[Bulk] = []
        max_bytes = (self._limits.maximum_packet_bytes or MAX_VARINT) - _HEAD_BYTES
        while room > 0 and self._bulks:
            bulk, before = self._bulks[0], len(self._in_flight)
            refused = len(bulk.refused)
            self._next_id = bulk.take(room, self._next_id, self._in_flight, parts, max_bytes)
            room -= len(self._in_flight) - before
            if len(bulk.refused) > refused:
                moved.append(bulk)
            if bulk.sent == len(bulk.messages):
                self._bulks.popleft()
        for bulk in moved:
            bulk.moved(bulk)

    def _is_too_large(self, topic: bytes, payload: bytes) -> bool:
        limit = self._limits.maximum_packet_bytes
        return limit is not None and len(topic) + len(payload) + _HEAD_BYTES > limit

    def _free_id(self) -> int:
        packet_id = self._next_id
        while packet_id in self._in_flight:
            packet_id = packet_id % MAX_PACKET_ID + 1
        self._next_id = packet_id % MAX_PACKET_ID + 1
        return packet_id


def _is_delivery(entry: Single | Reserved) -> bool:
    """Return whether the broker may hold a delivery with QoS 2."""
    return entry.qos == EXACTLY_ONCE_QOS if isinstance(entry, Single) else entry.is_delivery
