"""The processor's link to the store: order, losses, timeouts, notifications."""

import asyncio
import contextlib
import os
import signal
import socket
import struct
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from random import Random

import pytest

from e2e.cluster.checkout import ROOT
from e2e.cluster.keeper import tied
from e2e.cluster.ports import free_ports
from edge_processor.store_link import StoreLink
from edge_service.store import StoreRefusedError
from edge_storage.frames.listener import IngestListener
from edge_wire.messages import MalformedError
from edge_wire.store import FencedError, StoreUnavailableError
from edge_wire.store.frames import (
    MAX_FRAME_BYTES,
    CommitAnswer,
    CommitRequest,
    FrameError,
    Status,
    encode_answer,
    encode_notification,
)

HOST = "127.0.0.1"
SECONDS = 30.0


class Committed:
    """Stores payloads in memory, and fails as it is asked to.

    Attributes:
        payloads: what was stored, in order.
        failures: errors to raise for the next requests.
        gate: requests wait for it.
    """

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.failures: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, request: CommitRequest) -> CommitAnswer:
        assert self.gate.wait(SECONDS)
        if self.failures:
            raise self.failures.pop(0)
        lines = [payload for _, payload in request.messages]
        self.payloads += lines
        return CommitAnswer(Status.STORED, accepted=len(lines), lines=lines, indexes=range(len(lines)))


@contextlib.asynccontextmanager
async def linked(port: int, seconds: float = SECONDS) -> AsyncIterator[tuple[StoreLink, asyncio.Queue[int]]]:
    notified: asyncio.Queue[int] = asyncio.Queue()
    link = StoreLink(f"http://{HOST}:1", port, notified.put_nowait, seconds)
    running = asyncio.create_task(link.run())
    yield link, notified
    running.cancel()
    await asyncio.wait({running})


def request(*payloads: bytes) -> CommitRequest:
    return CommitRequest(1, "hall", 0, [("d1", payload) for payload in payloads])


async def commit(link: StoreLink, *payloads: bytes) -> list[bytes]:
    async with asyncio.timeout(SECONDS):
        return list((await link.commit(request(*payloads))).lines)


async def test_lines_and_notifications_arrive() -> None:
    with IngestListener(HOST, 0, Committed()) as listener:
        async with linked(listener.port) as (link, notified):
            assert await commit(link, b"a", b"b") == [b"a", b"b"]
            listener.notify(12)
            assert await notified.get() == 12


async def test_many_commits_keep_the_order_of_their_calls() -> None:
    committed = Committed()
    with IngestListener(HOST, 0, committed) as listener:
        async with linked(listener.port) as (link, _):
            payloads = [b"%d" % number for number in range(100)]
            await asyncio.gather(*(commit(link, payload) for payload in payloads))
    assert committed.payloads == payloads


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (FencedError("token"), FencedError),
        (StoreUnavailableError("disk full"), StoreUnavailableError),
        (MalformedError("type", "wrong"), StoreRefusedError),
        (KeyError("x"), StoreUnavailableError),
    ],
)
async def test_after_a_failure_what_was_called_before_it_fails_too_and_is_not_stored(
    failure: Exception, error: type[Exception]
) -> None:
    committed = Committed()
    with IngestListener(HOST, 0, committed) as listener:
        async with linked(listener.port) as (link, _):
            committed.failures.append(failure)
            committed.gate.clear()
            calls = [asyncio.create_task(link.commit(request(b"%d" % number))) for number in range(4)]
            await asyncio.sleep(0)
            committed.gate.set()
            first, *others = await asyncio.gather(*calls, return_exceptions=True)
            assert type(first) is error
            assert [type(other) for other in others] == [StoreUnavailableError] * 3
            assert committed.payloads == []
            assert await commit(link, b"again") == [b"again"]


async def test_requests_of_one_turn_fail_together_if_the_connection_has_ended_before_them() -> None:
    committed, outcomes = Committed(), asyncio.Queue[CommitAnswer | Exception]()
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        async with linked(port) as (link, notified), asyncio.timeout(SECONDS):
            connection, _ = await asyncio.to_thread(server.accept)
            connection.sendall(encode_notification(1))
            await notified.get()
            # A reset: the first write fails, and the loop has not seen it when the second request is begun.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            server.close()
            with IngestListener(HOST, port, committed):
                for payload in (b"a", b"b"):
                    link.begin(request(payload), outcomes.put_nowait)
                assert [type(await outcomes.get()) for _ in range(2)] == [StoreUnavailableError] * 2
                assert committed.payloads == []
                assert await commit(link, b"a", b"b") == [b"a", b"b"]


@pytest.mark.parametrize("seed", range(3))
async def test_at_random_losses_each_payload_is_stored_at_least_once_and_in_order(seed: int) -> None:
    random, committed = Random(seed), Committed()
    todo = [b"%d" % number for number in range(60)]
    listener = IngestListener(HOST, 0, committed)
    listener.start()
    async with linked(listener.port) as (link, _):
        while todo:
            if random.random() < 0.2:
                committed.failures.append(StoreUnavailableError("disk full"))
            calls = [asyncio.create_task(link.commit(request(payload))) for payload in todo[:3]]
            if random.random() < 0.2:
                await asyncio.to_thread(listener.stop)
                listener = IngestListener(HOST, listener.port, committed)
                listener.start()
            done = await asyncio.gather(*calls, return_exceptions=True)
            succeeded = [not isinstance(each, BaseException) for each in done]
            assert succeeded == sorted(succeeded, reverse=True)
            del todo[: sum(succeeded)]
    listener.stop()
    seen = dict.fromkeys(committed.payloads)
    assert list(seen) == [b"%d" % number for number in range(60)]


async def test_without_a_store_a_commit_fails_soon_and_the_link_connects_later() -> None:
    (port,) = free_ports(1)
    async with linked(port) as (link, _):
        with pytest.raises(StoreUnavailableError, match=f"cannot connect to the store at {HOST}:{port}"):
            await commit(link, b"a")
        with IngestListener(HOST, port, Committed()):
            async with asyncio.timeout(SECONDS):
                while True:
                    with contextlib.suppress(StoreUnavailableError):
                        assert await commit(link, b"b") == [b"b"]
                        return


async def test_a_request_that_cannot_be_encoded_does_not_end_the_connection() -> None:
    with IngestListener(HOST, 0, Committed()) as listener:
        async with linked(listener.port) as (link, _):
            with pytest.raises(FrameError, match="the limit is"):
                await commit(link, b"x" * MAX_FRAME_BYTES)
            assert await commit(link, b"a") == [b"a"]


async def test_a_server_that_is_not_a_store_is_named() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0)
    async with server, linked(server.sockets[0].getsockname()[1]) as (link, _):
        with pytest.raises(StoreUnavailableError, match="not a frame"):
            await commit(link, b"a")


async def test_an_answer_to_another_request_ends_the_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(encode_answer(2, CommitAnswer(Status.STORED)))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, HOST, 0)
    async with server, linked(server.sockets[0].getsockname()[1]) as (link, _):
        with pytest.raises(StoreUnavailableError, match="which is not the next one"):
            await commit(link, b"a")


@pytest.mark.process
async def test_a_stopped_store_is_detected_and_used_again_when_it_continues() -> None:
    command = tied([sys.executable, "-m", "tests.edge_processor.null_store", "0"])
    store = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT)
    assert store.stdout is not None
    port = int(await store.stdout.readline())
    async with linked(port, seconds=1.0) as (link, _):
        assert await commit(link, b"a") == [b"a"]
        store.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(os.waitid, os.P_PID, store.pid, os.WSTOPPED | os.WNOWAIT)
        failed = await asyncio.gather(commit(link, b"b"), commit(link, b"c"), return_exceptions=True)
        assert [type(each) for each in failed] == [StoreUnavailableError] * 2
        assert "within 1 s" in str(failed[0])
        store.send_signal(signal.SIGCONT)
        async with asyncio.timeout(SECONDS):
            while True:
                with contextlib.suppress(StoreUnavailableError):
                    assert await commit(link, b"d") == [b"d"]
                    break
    store.terminate()
    assert await store.stdout.read() == b""
    assert await store.wait() == 0
