"""A server on loopback with scripted responses, which records the requests."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

Play = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Server:
    """Answers each request with the next play, and from the last on with that one.

    Attributes:
        asked: the requests, in order.
    """

    def __init__(self, *plays: Play) -> None:
        self._plays = list(plays)
        self.asked: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(request)
        self.bodies.append(await request.read())
        play = self._plays.pop(0) if len(self._plays) > 1 else self._plays[0]
        return await play(request)


@asynccontextmanager
async def playing(
    *plays: Play, trace: aiohttp.TraceConfig | None = None, seconds: float | None = None
) -> AsyncIterator[tuple[Server, aiohttp.ClientSession]]:
    """Yield a server that is up, and a session for it."""
    server = Server(*plays)
    runner = web.ServerRunner(web.Server(server.handle), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    session = aiohttp.ClientSession(
        base_url=server.url,
        timeout=aiohttp.ClientTimeout(total=seconds),
        trace_configs=[trace] if trace else [],
    )
    try:
        async with session:
            yield server, session
    finally:
        await runner.cleanup()


def say(status: int = 200, body: Any = None, headers: dict[str, str] | None = None) -> Play:
    """Answer with a body: JSON, or bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()

    async def play(_request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=raw, headers=headers)

    return play
