"""Brokers that refuse, are silent, or do not follow the protocol: a socket plays them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from edge_mqtt5 import publish_head
from edge_processor.session import IngestSession
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, PublishRefusedError, Subscription
from tests.edge_processor.session.receiving import SECONDS, Received, quick, send
from tests.edge_service.waiting import eventually
from tests.support.child import HOST

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x80, 0xC0, 0xE0
CONNACK = b"\x20\x03\x00\x00\x00"
WANTED, EXTRA = Subscription("edge/activity"), Subscription("$SYS/broker/uptime", optional=True)
MESSAGE = publish_head(b"edge/activity", 1, 7) + b"x"

Answer = Callable[[asyncio.StreamWriter], None]


class Broker:
    """A broker that accepts the client and its subscriptions, and then does as the test wants.

    Attributes:
        packets: first byte and body of what it received, over all connections.
        connack: its answer to CONNECT.
        reasons: of its SUBACK.
        then: what it sends after the SUBACK.
        pings: whether it answers PINGREQ.
        writer: of the last connection.
    """

    def __init__(
        self, connack: bytes = CONNACK, reasons: Sequence[int] = (1,), then: bytes = b"", *, pings: bool = True
    ) -> None:
        self.packets: list[tuple[int, bytes]] = []
        self.connack, self.reasons, self.then, self.pings = connack, bytes(reasons), then, pings
        self.writer: asyncio.StreamWriter | None = None

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        try:
            while True:
                first, body = await self._packet(reader)
                self.packets.append((first, body))
                if first == CONNECT:
                    writer.write(self.connack)
                elif first & 0xF0 == SUBSCRIBE:
                    head = bytes((0x90, 3 + len(self.reasons)))
                    writer.write(head + body[:2] + b"\x00" + self.reasons + self.then)
                elif first == PINGREQ and self.pings:
                    writer.write(b"\xd0\x00")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _packet(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        first, length = await reader.readexactly(2)
        if length & 0x80:
            length = length & 0x7F | (await reader.readexactly(1))[0] << 7
        return first, await reader.readexactly(length)

    def bodies(self, first: int) -> list[bytes]:
        return [body for kind, body in self.packets if kind == first]


@asynccontextmanager
async def session(
    broker: Broker, *subscriptions: Subscription, received: Received | None = None, keepalive: int = 15
) -> AsyncIterator[IngestSession]:
    async with await asyncio.start_server(broker, HOST, 0) as server:
        options = MqttOptions(
            BrokerAddress(HOST, server.sockets[0].getsockname()[1]),
            "edge-processor",
            receive_maximum=10,
            subscriptions=subscriptions or (WANTED,),
            keepalive=keepalive,
        )
        async with IngestSession(options, received or Received(acknowledges=False), backoff=quick()) as session:
            yield session


async def test_a_refused_subscription_that_is_needed_ends_the_connection_and_is_named() -> None:
    async with session(Broker(reasons=(1, 0x87)), EXTRA, WANTED) as refused:
        await eventually("it is told", lambda: "edge/activity (Not authorized)" in refused.last_error)
        assert not refused.connected.is_set()


async def test_a_refused_subscription_that_is_optional_does_not() -> None:
    async with session(Broker(reasons=(0x87, 1)), EXTRA, WANTED) as accepted, asyncio.timeout(SECONDS):
        await accepted.connected.wait()


@pytest.mark.parametrize(
    ("connack", "expected"),
    [
        (b"\x20\x03\x00\x89\x00", "refuses the client edge-processor: Server busy"),
        (b"\x20\x05\x00\x00\x02\x24\x00", "accepts messages with QoS 0 only"),
        (b"\x20\x02\x00\x00", "does not follow MQTT 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".ljust(100), "does not follow MQTT 5"),
        (b"\x90\x04\x00\x01\x00\x01", "does not follow MQTT 5"),
        (b"\xe0\x02\x8b\x00", "Server shutting down"),
    ],
    ids=["busy", "QoS 0 only", "short", "HTTP", "SUBACK", "DISCONNECT"],
)
async def test_what_the_broker_answers_instead_is_named(connack: bytes, expected: str) -> None:
    async with session(Broker(connack)) as refused:
        await eventually("it is told", lambda: expected in refused.last_error)


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (b"\x36\x05\x00\x01a\x00\x01", 0x81),
        (b"\x34\x06\x00\x01a\x00\x01\x00", 0x9B),
        (b"\x30\x07\x00\x00\x03\x23\x00\x01x", 0x94),
        (b"\x30\xff\xff\xff\x7f", 0x95),
        (CONNACK, 0x81),
        (b"\x82\x00", 0x82),
        (MESSAGE * 11, 0x93),
    ],
    ids=["malformed", "QoS 2", "topic alias", "too large", "a second CONNACK", "SUBSCRIBE", "receive maximum"],
)
async def test_a_broker_that_breaks_the_protocol_gets_the_reason(
    then: bytes, reason: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "edge_processor.session.connection")
    broker = Broker(then=then)
    async with session(broker) as client:
        await eventually("it disconnects and connects again", lambda: len(broker.bodies(CONNECT)) > 1)
        assert broker.bodies(DISCONNECT)[0] == bytes((reason,))
        assert "does not follow MQTT 5" in client.last_error


async def test_a_broker_that_answers_no_ping_is_given_up() -> None:
    broker = Broker(pings=False)
    async with session(broker, keepalive=1) as client:
        await eventually("it is given up", lambda: "stopped answering" in client.last_error)
    assert broker.bodies(PINGREQ)


async def test_pings_keep_a_quiet_connection_and_the_broker_s_interval_counts() -> None:
    broker = Broker(b"\x20\x06\x00\x00\x03\x13\x00\x01")
    async with session(broker, keepalive=600) as client:
        await eventually("pinged", lambda: len(broker.bodies(PINGREQ)) >= 5)
        assert client.connects == 1
        assert client.connected.is_set()


async def test_what_the_broker_does_not_support_is_refused_without_being_sent() -> None:
    broker = Broker(b"\x20\x0c\x00\x00\x09\x24\x01\x25\x00\x27\x00\x00\x00\x64")
    async with session(broker) as client:
        async with asyncio.timeout(SECONDS):
            await client.connected.wait()
        for payload, qos, retain, expected in (
            (b"x", 2, False, "QoS not supported"),
            (b"x", 1, True, "Retain not supported"),
            (b"x" * 200, 1, False, "Packet too large"),
        ):
            with pytest.raises(PublishRefusedError, match=expected):
                await client.publish("a", payload, qos, retain=retain)
        with pytest.raises(ValueError, match="65535 bytes"):
            client.send("a" * 70_000, b"x")
        await send(client, [b"x" * 200])
        assert not [first for first, _ in broker.packets if first & 0xF0 == PUBLISH]


async def test_messages_that_trickle_in_are_read_together_and_a_lone_one_at_once() -> None:
    broker, received = Broker(), Received()
    async with session(broker, received=received) as client:
        async with asyncio.timeout(SECONDS):
            await client.connected.wait()
        assert broker.writer is not None
        broker.writer.write(MESSAGE)
        await received.count(1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(200):
            broker.writer.write(publish_head(b"edge/activity", 1, 0, 0) + b"x")
            await broker.writer.drain()
            await asyncio.sleep(0.001)
        await received.count(201)
        assert len(received.batches) <= 2 + (loop.time() - began) / 0.02


async def test_what_is_acknowledged_before_a_disconnect_of_the_same_read_is_not_sent_again() -> None:
    broker = Broker()
    async with session(broker) as client, asyncio.timeout(SECONDS):
        await client.connected.wait()
        sending = asyncio.create_task(send(client, [b"a", b"b", b"c"], b"cloud/sensors/d1"))
        await eventually("three messages arrive", lambda: len(published(broker)) == 3)
        assert broker.writer is not None
        acknowledged = b"".join(b"\x40\x02" + packet_id for packet_id, _ in published(broker)[:2])
        broker.writer.write(acknowledged + b"\xe0\x01\x8b")
        await eventually("the third one comes again", lambda: len(published(broker)) > 3)
        assert [payload for _, payload in published(broker)] == [b"a", b"b", b"c", b"c"]
        broker.writer.write(b"\x40\x02" + published(broker)[3][0])
        await sending


def published(broker: Broker) -> list[tuple[bytes, bytes]]:
    """Return the packet identifier and the payload of each PUBLISH that the broker has received."""
    found = []
    for first, body in broker.packets:
        if first & 0xF0 == PUBLISH:
            rest = body[2 + int.from_bytes(body[:2]) :]
            found.append((rest[:2], rest[3:]))
    return found
