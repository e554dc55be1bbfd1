"""What the HTTP server makes of raw bytes, whole and in pieces."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from edge_service.http_protocol import MAX_HEAD_BYTES
from edge_service.server import HttpServer

HOST = "127.0.0.1"
SECONDS = 20
HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
JAVA = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
"""What the client of Java's standard library adds to its first request."""

LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def echo_app() -> FastAPI:
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> Response:
        try:
            return Response(await request.body())
        except ClientDisconnect:
            return Response()

    @app.get("/last")
    async def last() -> Response:
        return Response(b"<last>")

    return app


async def talk(port: int, *pieces: bytes, ends: bool = False) -> bytes:
    """Send the pieces one by one, and return all that comes until the server closes the connection.

    Args:
        port: of the server.
        pieces: what to send.
        ends: whether to end the connection for sending then, at which the server closes it.
    """
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        async with asyncio.timeout(SECONDS):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if ends:
                writer.write_eof()
            return await reader.read()
    except OSError:
        return b""
    finally:
        writer.close()


@contextmanager
def serving() -> Iterator[Callable[[Callable[[int], Awaitable[bytes]]], bytes]]:
    """Serve, and yield what runs a coroutine on the port in the server's event loop."""
    with asyncio.Runner() as runner:
        server = HttpServer(echo_app(), HOST, 0, lifespan="off", ws="none")
        runner.run(server.__aenter__())

        def run(ask: Callable[[int], Awaitable[bytes]]) -> bytes:
            async def asked() -> bytes:
                return await ask(server.port)

            return runner.run(asked())

        try:
            yield run
        finally:
            runner.run(server.__aexit__(None, None, None))


@pytest.mark.parametrize(
    ("begin", "repeated"),
    [
        (b"GET /", b"x"),
        (b"GET /last HTTP/1.1\r\nHost: x\r\nX-Name: ", b"x"),
        (b"GET /last HTTP/1.1\r\nHost: x\r\n", b"A: x\r\n"),
        (CHUNKED + b"X-Trailer: ", b"x"),
        (CHUNKED, b"A: x\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;", b"x"),
    ],
    ids=["path", "header", "headers", "trailer", "trailers", "chunk extension"],
)
async def test_what_never_ends_is_cut_off(begin: bytes, repeated: bytes) -> None:
    async with HttpServer(echo_app(), HOST, 0, lifespan="off", ws="none") as server:
        reader, writer = await asyncio.open_connection(HOST, server.port)
        writer.write(begin)
        sent = 0
        piece = repeated * (16 * 1024 // len(repeated))
        async with asyncio.timeout(SECONDS):
            try:
                while not reader.at_eof():
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
                    assert sent < 64 * MAX_HEAD_BYTES
                    await asyncio.sleep(0)
            except ConnectionError:
                pass
        writer.close()


async def test_head_of_the_largest_size_is_accepted() -> None:
    async with HttpServer(echo_app(), HOST, 0, lifespan="off", ws="none") as server:
        head = LAST[:-2] + b"X-Name: "
        answer = await talk(server.port, head + b"x" * (MAX_HEAD_BYTES - len(head) - 4), b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_many_large_bodies_on_one_connection_are_no_long_head() -> None:
    body = b"x" * 3 * MAX_HEAD_BYTES
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    async with HttpServer(echo_app(), HOST, 0, lifespan="off", ws="none") as server:
        answer = await talk(server.port, request, request, LAST)
    assert answer.count(body) == 2
    assert answer.endswith(b"<last>")


def test_body_of_a_request_that_asks_for_an_upgrade_is_read_wherever_it_is_cut() -> None:
    whole = HEAD + JAVA + b"Content-Length: 5\r\n\r\nhello" + LAST
    with serving() as run:
        for cut in range(1, len(whole)):
            answer = run(lambda port, cut=cut: talk(port, whole[:cut], whole[cut:]))  # type: ignore[misc]
            assert answer.count(b"HTTP/1.1 200 ") == 2, (cut, answer)
            assert b"\r\n\r\nhelloHTTP/1.1" in answer
            assert answer.endswith(b"<last>")


@pytest.mark.parametrize(
    "request_",
    [
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + JAVA + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ],
)
async def test_request_that_is_not_http_is_answered_400(request_: bytes) -> None:
    async with HttpServer(echo_app(), HOST, 0, lifespan="off", ws="none") as server:
        answer = await talk(server.port, request_)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert (await talk(server.port, LAST)).endswith(b"<last>")


@dataclass(frozen=True)
class Sent:
    """A request with a body."""

    body: bytes
    is_chunked: bool
    asks_for_upgrade: bool

    def raw(self) -> bytes:
        head = HEAD + (JAVA if self.asks_for_upgrade else b"")
        if not self.is_chunked:
            return head + b"Content-Length: %d\r\n\r\n%b" % (len(self.body), self.body)
        half = len(self.body) // 2
        parts = [part for part in (self.body[:half], self.body[half:]) if part]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


SENT = st.lists(st.builds(Sent, st.binary(max_size=40), st.booleans(), st.booleans()), max_size=5)


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    return [raw[begin:end] for begin, end in itertools.pairwise(places)]


def test_requests_in_any_pieces_are_answered_in_their_order() -> None:
    with serving() as run:

        @given(SENT, st.lists(st.integers(0, 5000), max_size=8))
        def check(sent: list[Sent], cuts: list[int]) -> None:
            raw = b"".join(each.raw() for each in sent) + LAST
            answer = run(lambda port: talk(port, *pieces(raw, cuts)))
            for each in sent:
                _, _, answer = answer.partition(b"\r\n\r\n")
                assert answer.startswith(each.body + b"HTTP/1.1 200 ")
                answer = answer.removeprefix(each.body)
            assert answer.endswith(b"\r\n\r\n<last>")

        check()


def test_no_bytes_end_the_server_or_raise(caplog: pytest.LogCaptureFixture) -> None:
    parts = st.sampled_from(
        [
            HEAD,
            JAVA,
            LAST,
            CHUNKED,
            b"\r\n",
            b"\r\n\r\n",
            b"Content-Length: 3\r\n",
            b"abc",
            b"0\r\n\r\n",
            b"GET http://x",
        ]
    )
    garbage = st.lists(parts | st.binary(max_size=10), max_size=12).map(b"".join)
    with serving() as run:

        @given(garbage, st.lists(st.integers(0, 5000), max_size=4))
        def check(raw: bytes, cuts: list[int]) -> None:
            run(lambda port: talk(port, *pieces(raw, cuts), ends=True))

        check()
        assert run(lambda port: talk(port, LAST)).endswith(b"<last>")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
