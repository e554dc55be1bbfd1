"""One connection of the ingester's session."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial

from edge_mqtt5 import (
    MAX_PACKET_BYTES,
    RECEIVE_MAXIMUM_EXCEEDED,
    Answer,
    ConnAck,
    Decoder,
    Disconnect,
    Outgoing,
    ProtocolError,
    PubComp,
    Publish,
    PubRec,
    Single,
    SubAck,
    pubacks,
    publish_head,
    reason_name,
)
from edge_processor.session.answers import settle
from edge_processor.session.handshake import check_accepted, check_subscribed, connect_packet, subscribe_packet
from edge_processor.session.opening import open_transport
from edge_processor.session.receiver import Receiver
from edge_processor.session.wire import Wire
from edge_service.mqtt import ConnectError, Login, MqttOptions, NotConnectedError
from edge_service.mqtt.errors import SESSION_TAKEN_OVER
from edge_service.mqtt.futures import fail

ANSWER_SECONDS = 10.0
MAX_RECEIVE = 65_535
"""Number of unacknowledged messages that a broker may send if the session names none."""

logger = logging.getLogger(__name__)


class IngestConnection(Wire):
    """One connection; what it has not sent or acknowledged when it ends does not appear on the next one.

    Args:
        options: of the session.
        login: username, password and certificate authorities.
        outgoing: the messages of the session.
        on_batch: called with the messages of each read, and with this connection.
        on_lost: called as soon as it has ended, before the futures of unacknowledged messages fail.

    Attributes:
        session_present: whether the broker has resumed a session.
        taken_over: whether it has ended because another client has connected with the same client id.
        lost: done when the connection has ended; the result is the reason.
    """

    def __init__(
        self,
        options: MqttOptions,
        login: Login,
        outgoing: Outgoing,
        on_batch: Receiver,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._options = options
        self._login = login
        self._outgoing = outgoing
        self._on_batch = on_batch
        self._on_lost = on_lost
        self._decoder = Decoder(MAX_PACKET_BYTES)
        self._accepted: asyncio.Future[ConnAck] = self._loop.create_future()
        self._subscribed: asyncio.Future[SubAck] = self._loop.create_future()
        self._unacknowledged = 0
        self.session_present = self.taken_over = False
        self.lost: asyncio.Future[str] = self._loop.create_future()

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            ConnectError: the broker cannot be reached, refuses the client or a subscription, or does not answer.
        """
        try:
            await open_transport(self._options.broker, self._login, self)
            async with asyncio.timeout(ANSWER_SECONDS):
                self.write_soon(connect_packet(self._options, self._login, MAX_PACKET_BYTES))
                accepted = await self._accepted
                self.session_present = accepted.session_present
                await self._subscribe()
        except TimeoutError:
            self._end("no answer")
            raise ConnectError(f"{self._options.broker} does not answer within {ANSWER_SECONDS:g} s") from None
        except BaseException:
            self._end("it could not be opened")
            raise
        self.start_keepalive(self._options.keepalive if accepted.keepalive is None else accepted.keepalive)
        self.paces_reads = True

    def send(
        self, topic: str, payload: bytes, qos: int, *, retain: bool, expiry: int | None = None
    ) -> asyncio.Future[int]:
        """Send a message as `MqttSession.send` does; `expiry` is a number of seconds.

        Raises:
            ValueError: the topic or the expiry does not fit into a packet.
        """
        done: asyncio.Future[int] = self._loop.create_future()
        if self.lost.done():
            fail(done, NotConnectedError(f"not connected to {self._options.broker}: {self.lost.result()}"))
            return done
        name = f"{self._options.prefix}{topic}".encode()
        # Also with QoS 1 and 2, to raise here what does not fit: the packet identifier is not known yet.
        head = publish_head(name, len(payload), 0, qos, retain=retain, expiry=expiry)
        if qos == 0:
            self.write_soon(head + payload)
            done.set_result(0)
            return done
        refused = self._outgoing.send(Single(name, payload, qos, partial(self._settle, done), retain, expiry))
        if refused is not None:
            self._settle(done, refused)
        self.write_soon()
        return done

    def acknowledge(self, packet_ids: Sequence[int]) -> bool:
        """Acknowledge messages with the write of this turn; return False if the connection has ended."""
        if self.lost.done():
            return False
        if packet_ids:
            self._unacknowledged -= len(packet_ids)
            self.write_soon(pubacks(packet_ids))
        return True

    async def close(self) -> None:
        """Disconnect, so that the broker does not publish the will. Acknowledgements and messages go out before.

        Messages beyond the broker's receive maximum do not: wait for their acknowledgements.
        """
        if not self.lost.done():
            self.disconnect()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await asyncio.shield(self.lost)
        self._end("closed")

    async def _subscribe(self) -> None:
        if self._options.subscriptions:
            packet_id = self._outgoing.reserve_id()
            self.write_soon(subscribe_packet(self._options, packet_id))
            check_subscribed(self._options, await self._subscribed)

    def received(self, data: bytes) -> None:
        """Handle all packets of a read."""
        try:
            packets = self._decoder.feed(data)
            # First: a DISCONNECT behind them ends the connection, and what is not acknowledged then is sent again.
            if packets.acknowledged:
                self._outgoing.acknowledged(packets.acknowledged)
                self.write_soon()
            for answer in packets.answers:
                self._handle(answer)
            if packets.publishes:
                self._handle_publishes(packets.publishes)
        except ProtocolError as error:
            logger.error("%s does not follow MQTT 5: disconnecting: %s", self._options.broker, error)  # noqa: TRY400
            self.disconnect(error.reason)
            self.ended(f"the broker does not follow MQTT 5: {error}")

    def next_parts(self) -> list[bytes]:
        """Return the messages that can be sent now."""
        return self._outgoing.take()

    def ended(self, reason: str) -> None:
        """Fail all futures: the connection has ended."""
        if not self.lost.done():
            self.lost.set_result(reason)
            self._on_lost()
            self._outgoing.lost()
        message = f"the connection to {self._options.broker} ended: {reason}"
        for waiting in (self._accepted, self._subscribed):
            fail(waiting, ConnectError(message))

    def _end(self, reason: str) -> None:
        self.ended(reason)
        self.stop()

    def _handle_publishes(self, publishes: Sequence[Publish]) -> None:
        self._unacknowledged += sum(1 for each in publishes if each[3])
        allowed = self._options.receive_maximum or MAX_RECEIVE
        if self._unacknowledged > allowed:
            message = f"{self._unacknowledged} unacknowledged messages: the client allows {allowed}"
            raise ProtocolError(message, RECEIVE_MAXIMUM_EXCEEDED)
        try:
            self._on_batch(publishes, self)
        except Exception:
            logger.exception("dropped %d messages: internal error", len(publishes))

    def _handle(self, answer: Answer) -> None:
        match answer:
            case ConnAck():
                self._handle_accepted(answer)
            case SubAck():
                self._outgoing.release_id(answer.packet_id)
                if not self._subscribed.done():
                    self._subscribed.set_result(answer)
            case PubRec():
                self.write_soon(self._outgoing.received(answer))
            case PubComp():
                self._outgoing.completed(answer)
                self.write_soon()
            case Disconnect():
                self.taken_over = answer.reason == SESSION_TAKEN_OVER
                self._end(": ".join(filter(None, (reason_name(answer.reason), answer.text))))

    def _handle_accepted(self, answer: ConnAck) -> None:
        if self._accepted.done():
            raise ProtocolError("a second CONNACK")
        try:
            check_accepted(self._options, answer)
        except ConnectError as error:
            fail(self._accepted, error)
            return
        self._accepted.set_result(answer)
        self.write_soon(self._outgoing.connected(answer))

    def _settle(self, done: asyncio.Future[int], reason: int | None) -> None:
        settle(done, reason, self._options.broker, self.lost.result() if self.lost.done() else "closed")
