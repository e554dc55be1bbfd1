"""The pass-through over real TCP on loopback; with a real broker it is tested in test_passthrough_process.py."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from edge_gateway.passthrough.counts import PassthroughCounts
from edge_gateway.passthrough.listener import Passthrough
from edge_gateway.passthrough.pipe import BUFFER_BYTES, End
from edge_service.address import BrokerAddress
from edge_service.program import StartError
from tests.edge_service.waiting import eventually
from tests.support.cancelled import TURNS, ends_when_cancelled

HOST = "127.0.0.1"
SECONDS = 10.0
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Far:
    """The far end: takes connections and lets the test do with them what it wants."""

    came: asyncio.Queue[Stream] = field(default_factory=asyncio.Queue)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        await self.came.put((reader, writer))

    async def next(self) -> Stream:
        async with asyncio.timeout(SECONDS):
            return await self.came.get()


@dataclass
class Way:
    far: Far
    passthrough: Passthrough
    registry: CollectorRegistry
    opened: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> Stream:
        stream = await asyncio.open_connection(HOST, self.passthrough.port)
        self.opened.append(stream[1])
        return stream

    async def both(self) -> tuple[Stream, Stream]:
        near = await self.connect()
        far = await self.far.next()
        return near, far

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"edge_gateway_passthrough_{name}", {"listener": "mqtt", **labels}) or 0.0

    async def until(self, holds: Callable[[], bool]) -> None:
        await eventually("it holds", holds, SECONDS)


@asynccontextmanager
async def way(limit: int = 100) -> AsyncIterator[Way]:
    far = Far()
    server = await asyncio.start_server(far.take, HOST, 0)
    far.port = server.sockets[0].getsockname()[1]
    registry = CollectorRegistry()
    passthrough = Passthrough("mqtt", BrokerAddress(HOST, far.port), limit, PassthroughCounts(registry))
    async with await passthrough.listen(HOST, 0):
        made = Way(far, passthrough, registry)
        try:
            yield made
        finally:
            for writer in (*made.opened, *far.writers):
                writer.transport.abort()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0)


def reading(writer: asyncio.StreamWriter) -> asyncio.ReadTransport:
    transport = writer.transport
    assert isinstance(transport, asyncio.ReadTransport)
    return transport


def reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def ended(reading: Awaitable[bytes]) -> bytes:
    async with asyncio.timeout(SECONDS):
        return await reading


async def test_bytes_pass_both_ways_as_they_are() -> None:
    async with way() as given:
        (near_in, near_out), (far_in, far_out) = await given.both()
        sent = bytes(range(256)) * 4096
        near_out.write(sent)
        far_out.write(sent[::-1])
        assert await ended(far_in.readexactly(len(sent))) == sent
        assert await ended(near_in.readexactly(len(sent))) == sent[::-1]
        assert given.figure("connections") == 1.0


@pytest.mark.parametrize("device_first", [True, False])
async def test_one_side_may_still_send_when_the_other_has_said_all(device_first: bool) -> None:  # noqa: FBT001
    async with way() as given:
        near, far = await given.both()
        (first_in, first_out), (second_in, second_out) = (near, far) if device_first else (far, near)
        first_out.write(b"the last word")
        first_out.write_eof()
        assert await ended(second_in.read()) == b"the last word"
        second_out.write(b"answer")
        second_out.write_eof()
        assert await ended(first_in.read()) == b"answer"
        await given.until(lambda: given.figure("connections") == 0.0)


async def test_a_slow_reader_slows_the_sender_and_not_the_memory() -> None:
    async with way() as given:
        (_, near_out), (far_in, far_out) = await given.both()
        reading(far_out).pause_reading()
        piece = b"x" * BUFFER_BYTES
        sent = 0
        # The kernel's buffers take some MiB; ours must not take the rest.
        for _ in range(1000):
            near_out.write(piece)
            sent += len(piece)
            try:
                async with asyncio.timeout(0.5):
                    await near_out.drain()
            except TimeoutError:
                break
        assert sent < 1000 * len(piece), "the sender was never slowed down"
        reading(far_out).resume_reading()
        near_out.write_eof()
        received = 0
        while chunk := await ended(far_in.read(1 << 20)):
            received += len(chunk)
        assert received == sent


async def test_a_reset_of_one_side_ends_the_other() -> None:
    async with way() as given:
        (near_in, _), (_, far_out) = await given.both()
        reset(far_out)
        assert await ended(near_in.read()) == b""
        await given.until(lambda: given.figure("connections") == 0.0)


async def test_a_broker_that_cannot_be_reached_closes_the_connection_and_is_counted() -> None:
    closed = socket.socket()
    closed.bind((HOST, 0))
    registry = CollectorRegistry()
    target = BrokerAddress(HOST, closed.getsockname()[1])
    async with await Passthrough("mqtt", target, 10, PassthroughCounts(registry)).listen(HOST, 0) as passthrough:
        reader, writer = await asyncio.open_connection(HOST, passthrough.port)
        assert await ended(reader.read()) == b""
        writer.close()
        value = registry.get_sample_value(
            "edge_gateway_passthrough_refused_total", {"listener": "mqtt", "cause": "broker"}
        )
        assert value == 1.0
    closed.close()


async def test_more_connections_than_allowed_are_closed_at_once() -> None:
    async with way(limit=2) as given:
        await given.both()
        (_, near_out), _ = await given.both()
        refused_in, _ = await given.connect()
        assert await ended(refused_in.read()) == b""
        assert given.figure("refused_total", cause="limit") == 1.0
        assert given.figure("connections") == 2.0
        reset(near_out)
        await given.until(lambda: given.figure("connections") == 1.0)
        await given.both()


async def test_draining_sends_what_waits_and_closes_every_connection_in_order() -> None:
    async with way() as given:
        pairs = [await given.both() for _ in range(20)]
        for (_, near_out), _ in pairs:
            near_out.write(b"before the end")
            await near_out.drain()
        await given.until(lambda: given.figure("accepted_total") == 20.0)
        for _, (far_in, _) in pairs:
            assert await ended(far_in.readexactly(14)) == b"before the end"
        port = given.passthrough.port
        await given.passthrough.__aexit__(None, None, None)
        for (near_in, _), (far_in, _) in pairs:
            assert await ended(near_in.read()) == b""
            assert await ended(far_in.read()) == b""
        assert given.figure("connections") == 0.0
        with pytest.raises(OSError, match=str(port)):
            await asyncio.open_connection(HOST, port)


@pytest.mark.parametrize("turns", TURNS)
async def test_who_is_cancelled_as_the_last_connection_ends_while_draining_ends(turns: int) -> None:
    passthrough = Passthrough("mqtt", BrokerAddress(HOST, 1), 1, PassthroughCounts(CollectorRegistry()))
    device = End(passthrough.closed)
    passthrough.opened(device)
    draining = passthrough.__aexit__(None, None, None)
    await ends_when_cancelled(draining, lambda: passthrough.closed(device), turns)


async def test_a_taken_port_is_named_with_its_setting() -> None:
    async with way() as given:
        another = Passthrough("mqtt", BrokerAddress(HOST, 1), 1, PassthroughCounts(CollectorRegistry()))
        with pytest.raises(StartError, match="MQTT_PORT"):
            await another.listen(HOST, given.passthrough.port)


async def test_a_device_that_leaves_before_the_broker_has_answered_leaves_nothing() -> None:
    async with way() as given:
        for _ in range(50):
            _, writer = await given.connect()
            reset(writer)
        await given.until(lambda: given.figure("accepted_total") == 50.0 and given.figure("connections") == 0.0)
