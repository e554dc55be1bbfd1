"""The HTTP server."""

import asyncio

import aiohttp
import pytest
from fastapi import FastAPI

from edge_service.server import HttpServer

HOST = "127.0.0.1"


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}{path}") as response:
        return response.status, await response.text()


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
