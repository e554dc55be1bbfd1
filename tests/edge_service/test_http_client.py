"""The HTTP client against a server that answers what a test wants, also what is not HTTP."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_service.http_client import MAX_ANSWER_BYTES, HttpClient
from edge_service.http_connection import HttpClientError

HOST = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def request_of(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answering(answer: bytes, *, keeps: bool = True) -> Answer:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(answer)
            if not keeps:
                return

    return serve


class Peer:
    """A server; `connections` counts what was accepted."""

    def __init__(self, answer: Answer) -> None:
        self.connections = 0
        self.port = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[Peer]:
    made = Peer(answer)
    server = await asyncio.start_server(made.serve, HOST, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


def client(port: int, timeout_seconds: float = 10.0) -> HttpClient:
    return HttpClient(f"http://{HOST}:{port}", timeout_seconds)


async def test_a_connection_is_used_again() -> None:
    async with peer(answering(OK)) as server:
        made = client(server.port)
        answers = [(await made.request("GET", "/")).content for _ in range(3)]
        made.close()
    assert answers == [b"ok"] * 3
    assert server.connections == 1


async def test_concurrent_requests_have_their_own_answers() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            target = (await request_of(reader)).split()[1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))

    async with peer(echo) as server:
        made = client(server.port)
        answers = await asyncio.gather(*(made.request("GET", f"/{number}") for number in range(50)))
        made.close()
    assert [each.content for each in answers] == [f"/{number}".encode() for number in range(50)]


async def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    async with peer(answering(OK, keeps=False)) as server:
        made = client(server.port)
        for _ in range(3):
            assert (await made.request("GET", "/")).content == b"ok"
            await asyncio.sleep(0.05)  # the end of the connection is an event of the other side
        made.close()
    assert server.connections == 3


async def test_body_headers_and_chunked_answers() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await request_of(reader))
        seen.append(await reader.readexactly(3))
        writer.write(
            b"HTTP/1.1 503 Later\r\nX-Why: Full\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        )
        await reader.read()

    async with peer(serve) as server:
        made = client(server.port)
        answer = await made.request("PUT", "/a?b=c", b"xyz", {"Content-Type": "text/plain"})
        made.close()
    assert (answer.status, answer.content, answer.headers["x-why"]) == (503, b"abc", "Full")
    assert seen[0].startswith(b"PUT /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Content-Length: 3\r\n" in seen[0]
    assert seen[1] == b"xyz"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1) + b"x" * (MAX_ANSWER_BYTES + 1),
    ],
)
async def test_what_is_not_an_answer_is_an_error(answer: bytes) -> None:
    async with peer(answering(answer, keeps=False)) as server:
        made = client(server.port)
        with pytest.raises(HttpClientError):
            await made.request("GET", "/")
        made.close()


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_an_error(content: bytes) -> None:
    async def run() -> None:
        async with peer(answering(b"HTTP/1.1 200 OK\r\n" + content, keeps=False)) as server:
            made = client(server.port)
            try:
                await made.request("GET", "/")
            except HttpClientError:
                pass
            finally:
                made.close()

    asyncio.run(run())


async def test_a_late_answer_is_a_timeout_and_its_connection_is_closed() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with peer(silent) as server:
        made = client(server.port, 0.2)
        with pytest.raises(TimeoutError):
            await made.request("GET", "/")
        with pytest.raises(TimeoutError):
            await made.request("GET", "/")
        made.close()
    assert server.connections == 2
