"""The listener for frames: connections, errors, notifications, the stop."""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_service.program import StartError
from edge_storage.frames.listener import MAX_CONNECTIONS, STOP_SECONDS, IngestListener
from edge_wire.messages import MalformedError
from edge_wire.store import FencedError, StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, Status, encode_answer, encode_request
from tests.edge_storage.frames.adapter import SECONDS, BlockingClient, request

HOST = "127.0.0.1"
LARGE_BYTES = 3_000_000


def echo(sent: CommitRequest) -> CommitAnswer:
    """Answer each payload as a line, or do what the first one says."""
    what = sent.messages[0][1]
    if what == b"fenced":
        raise FencedError("another token")
    if what == b"unavailable":
        raise StoreUnavailableError("disk full")
    if what == b"refused":
        raise MalformedError("type", "wrong")
    if what == b"broken":
        raise KeyError(what)
    lines = [b"x" * LARGE_BYTES] * 4 if what == b"large" else [payload for _, payload in sent.messages]
    return CommitAnswer(Status.STORED, accepted=len(lines), lines=lines, indexes=[0] * len(lines))


@pytest.fixture
def listener() -> Iterator[IngestListener]:
    with IngestListener(HOST, 0, echo) as started:
        yield started


def lines(client: BlockingClient, payload: bytes) -> list[bytes]:
    return list(client.ask(request(payload)).lines)


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        (b"fenced", Status.FENCED, "another token"),
        (b"unavailable", Status.UNAVAILABLE, "disk full"),
        (b"refused", Status.REFUSED, "wrong"),
        (b"broken", Status.UNAVAILABLE, "the store failed (KeyError): see its log"),
    ],
)
def test_an_error_is_answered_and_ends_the_connection_before_later_requests(
    listener: IngestListener, what: bytes, status: Status, reason: str
) -> None:
    with BlockingClient(listener.port) as client:
        # The later requests are large, so that a part of them is unread when the connection ends.
        client.send(request(b"first"), request(what), *[request(b"x" * 100_000)] * 10)
        assert client.answer()[1].lines == [b"first"]
        number, answer = client.answer()
        assert (number, answer.status, answer.reason) == (2, status, reason)
        assert client.is_ended()


def test_a_slow_peer_gets_all_answers_before_the_end(listener: IngestListener) -> None:
    with BlockingClient(listener.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.send(request(b"large"), request(b"fenced"), *[request(b"x" * 100_000)] * 6)
        assert len(client.answer()[1].lines) == 4
        assert client.answer()[1].status is Status.FENCED
        assert client.is_ended()


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: store\r\n\r\n", id="HTTP"),
        pytest.param(os.urandom(4096), id="random"),
        pytest.param(encode_request(1, request(b"x"))[:12] + b"\xff" * 100, id="a body of garbage"),
        pytest.param(encode_answer(1, CommitAnswer(Status.STORED)), id="an answer"),
    ],
)
def test_garbage_closes_its_connection_only_and_is_logged_with_the_peer(
    listener: IngestListener, caplog: pytest.LogCaptureFixture, garbage: bytes
) -> None:
    with BlockingClient(listener.port) as good, BlockingClient(listener.port) as bad:
        assert lines(good, b"1") == [b"1"]
        bad.socket.sendall(garbage)
        assert bad.is_ended()
        assert lines(good, b"2") == [b"2"]
        peer = f"{HOST}:{bad.socket.getsockname()[1]}"
    assert [each for each in caplog.messages if peer in each and "did not send valid frames" in each]


def test_more_connections_are_refused_until_one_ends(
    listener: IngestListener, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(BlockingClient(listener.port)) for _ in range(MAX_CONNECTIONS)]
        assert all(lines(client, b"x") == [b"x"] for client in clients)
        with BlockingClient(listener.port) as extra:
            assert extra.is_ended()
        assert "refused a connection" in caplog.text
        clients[0].socket.shutdown(socket.SHUT_WR)
        assert clients[0].is_ended()
        again = stack.enter_context(BlockingClient(listener.port))
        assert lines(again, b"y") == [b"y"]


def test_each_connection_gets_notifications_also_a_later_one(listener: IngestListener) -> None:
    with BlockingClient(listener.port) as one, BlockingClient(listener.port) as two:
        assert [lines(each, b"x") for each in (one, two)] == [[b"x"], [b"x"]]
        listener.notify(7)
        assert [one.notified(), two.notified()] == [7, 7]
        listener.notify(5)
        listener.notify(9)
        assert [one.notified(), two.notified()] == [9, 9]
        with BlockingClient(listener.port) as later:
            assert later.notified() == 9


def test_a_peer_that_does_not_read_delays_nobody_and_gets_the_newest_offset_later(listener: IngestListener) -> None:
    with BlockingClient(listener.port) as slow, BlockingClient(listener.port) as other:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.send(request(b"large"))
        assert lines(other, b"x") == [b"x"]
        begun = time.monotonic()
        for offset in range(1, 1001):
            listener.notify(offset)
        assert time.monotonic() - begun < SECONDS / 3
        while other.notified() < 1000:
            pass
        assert len(slow.answer()[1].lines) == 4
        while slow.newest < 1000:
            slow.notified()


def test_a_request_in_progress_is_answered_before_the_stop() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def commit(sent: CommitRequest) -> CommitAnswer:
        begun.set()
        assert go_on.wait(SECONDS)
        return echo(sent)

    listener = IngestListener(HOST, 0, commit)
    listener.start()
    with BlockingClient(listener.port) as client, BlockingClient(listener.port) as idle:
        client.send(request(b"1"), request(b"2"))
        assert begun.wait(SECONDS)
        stopping = threading.Thread(target=listener.stop)
        stopping.start()
        assert idle.is_ended()
        go_on.set()
        assert client.answer()[1].lines == [b"1"]
        assert client.is_ended()
    stopping.join(SECONDS)
    assert not stopping.is_alive()
    with pytest.raises(ConnectionRefusedError):
        BlockingClient(listener.port)


def test_a_commit_that_hangs_and_a_peer_that_does_not_read_do_not_delay_the_stop() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def commit(sent: CommitRequest) -> CommitAnswer:
        if sent.messages[0][1] == b"hang":
            begun.set()
            assert go_on.wait(SECONDS)
        return echo(sent)

    listener = IngestListener(HOST, 0, commit)
    listener.start()
    with BlockingClient(listener.port) as hanging, BlockingClient(listener.port) as slow:
        slow.send(request(b"large"))
        hanging.send(request(b"hang"))
        assert begun.wait(SECONDS)
        started = time.monotonic()
        listener.stop()
        assert time.monotonic() - started < STOP_SECONDS + 5
        go_on.set()
        assert hanging.is_ended()


def test_an_idle_connection_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with IngestListener(HOST, 0, echo, idle_seconds=0.1) as listener, BlockingClient(listener.port) as client:
        assert lines(client, b"x") == [b"x"]
        assert client.is_ended()
    assert "closed the idle connection" in caplog.text


def test_small_answers_are_not_delayed(listener: IngestListener) -> None:
    with BlockingClient(listener.port) as client:
        assert lines(client, b"x") == [b"x"]
        ours = client.socket.getsockname()
        with accepted(lambda each: each.getpeername() == ours) as found:
            assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@contextlib.contextmanager
def accepted(is_it: Callable[[socket.socket], bool]) -> Iterator[socket.socket]:
    """Find a socket among the open files of this process."""
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(number.name))) as each:
            if is_it(each):
                yield each
                return
    raise AssertionError("no such socket")


def test_ipv6() -> None:
    with IngestListener("::1", 0, echo) as listener, BlockingClient(listener.port, "::1") as client:
        assert lines(client, b"x") == [b"x"]


def test_a_port_that_is_taken_names_the_setting(listener: IngestListener) -> None:
    with pytest.raises(StartError, match="set HOST or INGEST_PORT"):
        IngestListener(HOST, listener.port, echo).start()
