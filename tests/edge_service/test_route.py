"""Routes with one method each."""

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from edge_service.route import route
from edge_service.server import HttpServer

HOST = "127.0.0.1"


async def get_thing(request: Request) -> Response:
    return PlainTextResponse(f"got {request.path_params['name']}")


async def put_thing(request: Request) -> Response:
    return PlainTextResponse(f"put {request.path_params['name']}")


async def test_a_route_answers_its_method_only() -> None:
    app = Starlette(routes=[route("GET", "/things/{name}", get_thing), route("PUT", "/things/{name}", put_thing)])
    async with HttpServer(app, HOST, 0) as server, aiohttp.ClientSession() as http:

        async def ask(method: str) -> tuple[int, str]:
            async with http.request(method, f"http://{HOST}:{server.port}/things/a") as response:
                return response.status, await response.text()

        assert await ask("GET") == (200, "got a")
        assert await ask("PUT") == (200, "put a")
        assert (await ask("HEAD"))[0] == 405
        assert (await ask("DELETE"))[0] == 405
