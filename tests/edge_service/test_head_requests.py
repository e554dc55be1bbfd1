"""HEAD is answered as GET, without its body and without the work behind it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from edge_service.head_requests import HeadRequests, is_head, with_head
from edge_service.route import route
from edge_service.server import HttpServer

HOST = "127.0.0.1"


class Parts:
    """An endless response; counts the parts that were asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.heads: list[bool] = []

    async def whole(self, request: Request) -> Response:
        self.heads.append(is_head(request.scope))
        return PlainTextResponse("whole")

    async def endless(self, _: Request) -> Response:
        return StreamingResponse(self._parts(), media_type="application/x-ndjson")

    async def _parts(self) -> AsyncIterator[bytes]:
        while True:
            self.asked += 1
            yield b"{}\n"


async def ask(port: int, method: str, path: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"http://{HOST}:{port}{path}") as response,
    ):
        return response.status, response.headers.get("Content-Length", ""), await response.text()


async def test_head_is_get_without_the_body() -> None:
    parts = Parts()
    app = Starlette(routes=[route("GET", "/whole", parts.whole), route("GET", "/endless", parts.endless)])
    async with HttpServer(HeadRequests(app), HOST, 0) as server:
        assert await ask(server.port, "GET", "/whole") == (200, "5", "whole")
        assert await ask(server.port, "HEAD", "/whole") == (200, "5", "")
        assert (await ask(server.port, "HEAD", "/nothing"))[0] == 404
        assert (await ask(server.port, "HEAD", "/endless"))[0] == 200
    assert parts.heads == [False, True]
    assert parts.asked == 1


@pytest.mark.parametrize(("allow", "shown"), [("GET", "GET, HEAD"), ("POST", "POST"), ("GET, POST", "GET, POST, HEAD")])
def test_allow_lists_head_beside_get(allow: str, shown: str) -> None:
    assert with_head({"Allow": allow})["Allow"] == shown
    assert with_head(None) == {}
