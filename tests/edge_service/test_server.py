"""The HTTP server and the probes in it."""

import asyncio
import logging
import socket

import aiohttp
import pytest
from fastapi import FastAPI
from prometheus_client import Counter

from edge_service.metrics import registry
from edge_service.probes import Probes, probe_app
from edge_service.program import StartError
from edge_service.server import HttpServer

HOST = "127.0.0.1"


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}{path}") as response:
        return response.status, await response.text()


async def test_probes_say_what_is_missing_and_what_is_wrong() -> None:
    missing, wrong = ["the store"], list[str]()
    probes = Probes(
        registry("edge-test"),
        sick=lambda: wrong,
        waiting_for=lambda: missing,
        facts=lambda: {"cloud_connected": False},
    )
    async with HttpServer(probe_app("edge-test", probes), HOST, 0) as server:
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


async def test_metrics_are_of_this_program() -> None:
    figures = registry("edge-test")
    Counter("edge_test_things", "Things.", registry=figures).inc(3)
    async with HttpServer(probe_app("edge-test", Probes(figures)), HOST, 0) as server:
        status, body = await get(server.port, "/metrics")
    assert status == 200
    assert "edge_test_things_total 3.0" in body
    assert 'edge_build_info{program="edge-test"' in body
    assert "process_resident_memory_bytes" in body


async def test_open_requests_are_finished_and_no_more_are_taken() -> None:
    app, begun, finish = FastAPI(), asyncio.Event(), asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        begun.set()
        await finish.wait()
        return "done"

    async with HttpServer(app, HOST, 0) as server:
        request = asyncio.create_task(get(server.port, "/slow"))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.3, finish.set)
    assert await request == (200, '"done"')
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(server.port, "/slow")


async def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"127.0.0.1:{port} .*set HOST or PORT"):
            async with HttpServer(FastAPI(), HOST, port):
                pass


async def test_the_port_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with HttpServer(FastAPI(), HOST, 0) as server:
            assert server.port > 0
    assert f"listening on http://127.0.0.1:{server.port}" in caplog.messages
