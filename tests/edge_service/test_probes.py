"""The probes, with the HTTP framework and without one."""

import asyncio
import logging
import re
import socket
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import aiohttp
import orjson
import pytest
from prometheus_client import Counter
from starlette.applications import Starlette

from edge_service.head_requests import HeadRequests
from edge_service.metrics import registry
from edge_service.probe_routes import probe_routes
from edge_service.probe_server import ProbeServer
from edge_service.probes import Probes
from edge_service.program import StartError
from edge_service.server import HttpServer

HOST = "127.0.0.1"


class Server(Protocol):
    port: int


class Serve(Protocol):
    def __call__(self, probes: Probes, port: int = 0) -> AbstractAsyncContextManager[Server]: ...


def framework(probes: Probes, port: int = 0) -> HttpServer:
    return HttpServer(HeadRequests(Starlette(routes=probe_routes(probes))), HOST, port)


def plain(probes: Probes, port: int = 0) -> ProbeServer:
    return ProbeServer(probes, HOST, port)


@pytest.fixture(params=[framework, plain])
def serve(request: pytest.FixtureRequest) -> Serve:
    made: Serve = request.param
    return made


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}{path}") as response:
        return response.status, await response.text()


async def raw(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_probes_say_what_is_missing_and_what_is_wrong(serve: Serve) -> None:
    missing, wrong = ["the store"], list[str]()
    probes = Probes(
        registry("edge-test"),
        sick=lambda: wrong,
        waiting_for=lambda: missing,
        facts=lambda: {"cloud_connected": False},
    )
    async with serve(probes) as server:
        status, body = await get(server.port, "/health")
        assert status == 200
        assert '"status":"healthy"' in body
        assert '"cloud_connected":false' in body
        assert await get(server.port, "/ready") == (503, '{"status":"not ready","waiting_for":["the store"]}')
        missing.clear()
        assert await get(server.port, "/ready") == (200, '{"status":"ready"}')
        wrong.append("stuck")
        status, body = await get(server.port, "/health")
        assert status == 503
        assert '"reasons":["stuck"]' in body


async def test_metrics_are_of_this_program(serve: Serve) -> None:
    figures = registry("edge-test")
    Counter("edge_test_things", "Things.", registry=figures).inc(3)
    async with serve(Probes(figures)) as server:
        status, body = await get(server.port, "/metrics")
    assert status == 200
    assert "edge_test_things_total 3.0" in body
    assert 'edge_build_info{program="edge-test"' in body
    assert "process_resident_memory_bytes" in body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /health HTTP/1.1\r\n\r\n", b"405"),
        (b"\x00\r\n\r\n", b"400"),
        (b"GET /health?verbose=1 HTTP/1.1\r\nHost: a\r\n\r\n", b"200"),
    ],
)
async def test_the_plain_server_refuses_other_requests(sent: bytes, status: bytes) -> None:
    async with plain(Probes(registry("edge-test"))) as server:
        answer = await raw(server.port, sent)
    assert answer.startswith(b"HTTP/1.1 " + status + b" ")
    head, _, body = answer.partition(b"\r\n\r\n")
    if status != b"200":
        assert b"application/problem+json" in head
        problem = orjson.loads(body)
        assert (problem["error"], problem["status"]) == (problem["title"], int(status))


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_head_has_the_headers_of_get_and_no_body(serve: Serve, path: str) -> None:
    async with serve(Probes(registry("edge-test"))) as server:
        answer = await raw(server.port, f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert int(re.findall(rb"(?i)content-length: ([0-9]+)", head)[0]) > 0
    assert body == b""


async def test_a_taken_port_is_named(serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1:{port} .*set HOST or PORT"):
            async with serve(Probes(registry("edge-test")), port):
                pass


async def test_the_port_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with serve(Probes(registry("edge-test"))) as server:
            assert server.port > 0
    assert f"listening on http://127.0.0.1:{server.port}" in caplog.messages
