"""Connections over loopback: who is accepted, and what happens without file descriptors."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge_service.serving.acceptor import Acceptor, listen
from edge_service.serving.connection_table import ConnectionTable, Slot
from edge_service.serving.limits import ConnectionLimits
from tests.edge_gateway.certificates import write_certificate
from tests.edge_service.waiting import eventually

HOST = "127.0.0.1"


class Greeter(asyncio.Protocol):
    """Says hello, and keeps the connection."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._slot.abort = transport.abort
        transport.write(b"hello")

    def connection_lost(self, _: Exception | None) -> None:
        self._slot.release()


@asynccontextmanager
async def accepting(
    limits: ConnectionLimits, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, ConnectionTable]]:
    listener, table = listen(HOST, 0), ConnectionTable(limits)
    acceptor = Acceptor(listener, table, Greeter, tls)
    acceptor.start()
    try:
        yield listener.getsockname()[1], table
    finally:
        acceptor.stop()
        acceptor.stop()
        table.make_room(100)
        await asyncio.sleep(0)


async def until_end(reader: asyncio.StreamReader) -> bytes:
    """Return what still comes until the server ends the connection, in good order or not."""
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_newer_connection_takes_the_place_of_the_oldest() -> None:
    async with accepting(ConnectionLimits(connections=2, connections_per_source=2)) as (port, table):
        streams = [await asyncio.open_connection(HOST, port) for _ in range(3)]
        for reader, _ in streams:
            assert await reader.readexactly(5) == b"hello"
        assert await until_end(streams[0][0]) == b""
        assert len(table) == 2
        for _, writer in streams:
            writer.close()
        await eventually("both are gone", lambda: len(table) == 0)


async def test_what_cannot_be_accepted_waits_until_there_are_files_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [OSError(errno.EMFILE, "Too many open files")] * 3
    accept = socket.socket.accept

    def scarce(listener: socket.socket) -> tuple[socket.socket, object]:
        if fails:
            raise fails.pop()
        return accept(listener)

    async with accepting(ConnectionLimits(connections=10)) as (port, table):
        reader, first = await asyncio.open_connection(HOST, port)
        assert await reader.readexactly(5) == b"hello"
        monkeypatch.setattr(socket.socket, "accept", scarce)
        async with asyncio.timeout(5):
            later, writer = await asyncio.open_connection(HOST, port)
            assert await later.readexactly(5) == b"hello"
        assert not fails
        assert await until_end(reader) == b""
        assert len(table) == 1
        first.close()
        writer.close()


async def test_a_tls_handshake_that_is_not_finished_ends_and_counts_until_then(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    limits = ConnectionLimits(connections=2, connections_per_source=2, head_seconds=0.3)
    async with accepting(limits, context) as (port, table):
        silent = [await asyncio.open_connection(HOST, port) for _ in range(3)]
        await eventually("two are kept", lambda: len(table) == 2)
        for reader, writer in silent:
            assert await until_end(reader) == b""
            writer.close()
        await eventually("none is kept", lambda: len(table) == 0)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(HOST, port, ssl=trusting)
        assert await reader.readexactly(5) == b"hello"
        writer.close()


async def test_who_is_refused_is_closed_at_once() -> None:
    limits = ConnectionLimits(connections=1, connections_per_source=1, reserve_connections=0)
    listener, table = listen(HOST, 0), ConnectionTable(limits)

    def busy(slot: Slot) -> Greeter:
        slot.set_busy()
        return Greeter(slot)

    acceptor = Acceptor(listener, table, busy)
    acceptor.start()
    first, writer = await asyncio.open_connection(HOST, listener.getsockname()[1])
    assert await first.readexactly(5) == b"hello"
    second, refused = await asyncio.open_connection(HOST, listener.getsockname()[1])
    assert await until_end(second) == b""
    acceptor.stop()
    writer.close()
    refused.close()
    await eventually("it is gone", lambda: len(table) == 0)
