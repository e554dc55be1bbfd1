"""Slow and many clients of the HTTP server, with short limits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from edge_service.problem import Explanations
from edge_service.route import route
from edge_service.server import HttpServer
from edge_service.serving.connection_table import ConnectionTable
from edge_service.serving.limits import ConnectionLimits
from tests.edge_service.waiting import eventually

HOST = "127.0.0.1"
SECONDS = 20.0
LARGE = b"x" * 32 * 1024 * 1024
GET = b"GET /ready HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
LIMITS = ConnectionLimits(4, 3, 1, head_seconds=0.5, body_seconds=0.5, stalled_seconds=0.5, closing_seconds=0.5)


class World:
    def __init__(self, limits: ConnectionLimits) -> None:
        self.ended: Counter[str] = Counter()
        self.finish, self.begun, self.bodies = asyncio.Event(), 0, list[bytes]()
        self.table = ConnectionTable(limits, lambda reason: self.ended.update([reason]))
        self.port = 0

    def app(self) -> Starlette:
        app = Starlette(
            routes=[
                route("GET", "/ready", self.ready),
                route("GET", "/slow", self.slow),
                route("GET", "/large", self.large),
                route("POST", "/body", self.body),
                route("POST", "/refused", self.ready),
            ]
        )
        Explanations({}).install(app)
        return app

    async def ready(self, _: Request) -> Response:
        return PlainTextResponse("ready")

    async def slow(self, _: Request) -> Response:
        self.begun += 1
        await self.finish.wait()
        return PlainTextResponse("done")

    async def large(self, _: Request) -> Response:
        return Response(LARGE)

    async def body(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return PlainTextResponse("taken")

    async def open(self, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(HOST, self.port, limit=1024)
        writer.write(sent)
        return reader, writer

    async def ask(self, *pieces: bytes) -> bytes:
        """Return all that comes until the server closes the connection; the pieces are sent one a tenth of a second."""
        reader, writer = await self.open(b"")
        reading = asyncio.create_task(reader.read())
        try:
            async with asyncio.timeout(SECONDS):
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0.1)
                return await reading
        except ConnectionResetError:
            return b""
        finally:
            reading.cancel()
            writer.close()


@asynccontextmanager
async def serving(limits: ConnectionLimits = LIMITS) -> AsyncIterator[World]:
    world = World(limits)
    async with HttpServer(world.app(), HOST, 0, world.table, lifespan="off", ws="none") as server:
        world.port = server.port
        yield world
        world.finish.set()


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ((b"G",), "head"),
        (tuple(bytes([each]) for each in GET), "head"),
        ((POST, b"x"), "body"),
        ((POST, *(b"x" for _ in range(9))), "body"),
        ((POST.replace(b"Content-Length: 10", b"Transfer-Encoding: chunked"), b"5\r\nab"), "body"),
    ],
    ids=["a byte", "a byte now and then", "body", "body byte by byte", "chunk"],
)
async def test_a_request_that_does_not_arrive_is_answered_408(pieces: tuple[bytes, ...], reason: str) -> None:
    async with serving() as world:
        answer = await world.ask(*pieces)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in head
        problem = orjson.loads(body)
        assert (problem["error"], problem["reason"]) == ("Request Timeout", "RequestTimeout")
        await eventually("it is counted", lambda: world.ended[reason] == 1)
        assert world.bodies == []
        assert len(world.table) == 0


async def test_who_sends_nothing_is_closed_without_an_answer() -> None:
    async with serving() as world:
        assert await world.ask() == b""
        assert world.ended == {"head": 1}


async def test_a_body_that_nobody_reads_does_not_hold_the_connection() -> None:
    async with serving() as world:
        answer = await world.ask(POST.replace(b"/body", b"/refused"), b"x")
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"ready")
        assert len(world.table) == 0


async def test_a_request_in_time_is_answered_however_long_that_takes() -> None:
    async with serving() as world:
        asking = asyncio.create_task(world.ask(SLOW.replace(b"Host: a", b"Connection: close")))
        await asyncio.sleep(2.5)
        world.finish.set()
        assert (await asking).endswith(b"done")
        assert (await world.ask(POST.replace(b"Host: a", b"Connection: close"), b"12345", b"67890")).endswith(b"taken")
        assert (world.bodies, world.ended) == ([b"1234567890"], {})


async def test_a_client_that_reads_nothing_is_ended_and_a_slow_one_is_not() -> None:
    async with serving() as world:
        request = b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        _, stuck = await world.open(request)
        reader, slow = await world.open(request)
        received = 0
        while part := await reader.read(1024 * 1024):
            received += len(part)
            await asyncio.sleep(0.02)
        assert received > len(LARGE)
        await eventually("the other is ended", lambda: len(world.table) == 0)
        assert world.ended == {"read": 1}
        stuck.close()
        slow.close()


async def test_half_open_connections_do_not_keep_others_out() -> None:
    limits = ConnectionLimits(4, 3, 1, head_seconds=60)
    async with serving(limits) as world:
        half = [await world.open(GET) for _ in range(40)]
        for _ in range(10):
            assert (await world.ask(GET + b"Connection: close\r\n\r\n")).endswith(b"ready")
        assert len(world.table) <= 4
        assert world.ended["displaced"] >= 36
        for _, writer in half:
            writer.transport.abort()


async def test_when_every_connection_is_busy_the_probes_are_answered_and_others_are_told() -> None:
    limits = ConnectionLimits(3, 3, 1)
    async with serving(limits) as world:
        busy = [await world.open(SLOW) for _ in range(3)]
        await eventually("all are busy", lambda: world.begun == 3)
        assert (await world.ask(GET + b"\r\n")).endswith(b"ready")
        answer = await world.ask(SLOW)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["reason"] == "TooManyConnections"
        world.finish.set()
        for reader, writer in busy:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()


async def test_half_a_pipelined_request_does_not_end_the_response_before_it() -> None:
    async with serving() as world:
        asking = asyncio.create_task(world.ask(SLOW + GET))
        await asyncio.sleep(2.5)
        world.finish.set()
        answer = await asking
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"doneHTTP/1.1 408 " in answer
