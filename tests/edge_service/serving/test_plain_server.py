"""The server of the probes: slow and many clients do not keep the kubelet from it."""

import asyncio
from http import HTTPStatus

import orjson

from edge_service.serving.limits import ConnectionLimits
from edge_service.serving.plain_server import PlainServer
from edge_service.serving.raw_response import RawResponse

HOST = "127.0.0.1"
LIMITS = ConnectionLimits(connections=8, connections_per_source=6, reserve_connections=0)
LARGE = b"x" * 32 * 1024 * 1024


def server(seconds: float = 0.5) -> PlainServer:
    answers = {
        "/ready": lambda: RawResponse(HTTPStatus.OK, b"ready"),
        "/large": lambda: RawResponse(HTTPStatus.OK, LARGE),
    }
    return PlainServer(answers, HOST, 0, LIMITS, seconds)


async def ask(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(sent)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_half_a_request_is_answered_408() -> None:
    async with server() as serving:
        for half in (b"", b"GET /ready", b"GET /ready HTTP/1.1\r\nHost: a\r\n"):
            answer = await ask(serving.port, half)
            assert answer.startswith(b"HTTP/1.1 408 ")
            assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "Request Timeout"


async def test_many_half_open_connections_do_not_keep_a_probe_out() -> None:
    async with server(60.0) as serving:
        half = [await asyncio.open_connection(HOST, serving.port) for _ in range(50)]
        for _, writer in half:
            writer.write(b"GET /ready")
        for _ in range(20):
            assert (await ask(serving.port, b"GET /ready HTTP/1.1\r\n\r\n")).endswith(b"ready")
        for _, writer in half:
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_a_line_without_end_and_a_client_that_reads_nothing_are_ended() -> None:
    async with server() as serving:
        assert await ask(serving.port, b"GET /" + b"x" * 100_000) == b""
        reader, writer = await asyncio.open_connection(HOST, serving.port, limit=1024)
        writer.write(b"GET /large HTTP/1.1\r\n\r\n")
        await asyncio.sleep(1.0)
        received = 0
        try:
            while part := await reader.read(1 << 20):
                received += len(part)
        except ConnectionResetError:
            pass
        assert received < len(LARGE)
        writer.close()
