"""A direct route answers as FastAPI would."""

import logging

import aiohttp
import pytest
from fastapi import Depends, FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from edge_gateway.routes.direct_route import DirectRoute, DirectRoutes
from edge_service.problem import Explanations, Problem, refuse
from edge_service.server import HttpServer

HOST = "127.0.0.1"
EXPLANATIONS = Explanations(
    {
        LookupError: lambda _, error: Problem(404, "Missing", str(error)),
        Exception: lambda _request, _error: Problem(500, "InternalError", "see the log"),
    }
)


async def act(_request: Request, what: str) -> Response:
    if what == "refused":
        raise refuse(422, "Refused", "not this", field="what")
    if what == "missing":
        raise KeyError(what)
    if what == "gone":
        raise ClientDisconnect
    if what == "broken":
        raise RuntimeError(what)
    return Response(f"direct {what}", 201)


async def passed_on(what: str) -> str:
    return f"passed on {what}"


def app() -> DirectRoutes:
    inner = FastAPI()
    inner.router.add_api_route("/do/{what}/now", act, methods=["POST"], route_class_override=DirectRoute)
    inner.add_api_route("/do/{what}/now", passed_on, methods=["GET"])
    inner.add_api_route("/do/{what}", passed_on, methods=["POST"])
    EXPLANATIONS.install(inner)
    return DirectRoutes(inner, [route for route in inner.routes if isinstance(route, DirectRoute)], EXPLANATIONS)


@pytest.mark.parametrize(
    ("method", "path", "status", "told"),
    [
        ("POST", "/do/a/now", 201, "direct a"),
        ("POST", "/do/a%20b/now", 201, "direct a b"),
        ("POST", "/do/a%2Fb/now", 404, ""),
        ("POST", "/do/a/now/", 307, ""),
        ("GET", "/do/a/now", 200, "passed on a"),
        ("PUT", "/do/a/now", 405, ""),
        ("POST", "/do/a", 200, "passed on a"),
        ("POST", "/do/refused/now", 422, '"reason":"Refused"'),
        ("POST", "/do/missing/now", 404, '"reason":"Missing"'),
        ("POST", "/do/gone/now", 400, '"reason":"Disconnected"'),
        ("POST", "/do/broken/now", 500, '"reason":"InternalError"'),
    ],
)
async def test_request_is_answered(
    method: str, path: str, status: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        HttpServer(app(), HOST, 0, lifespan="off", ws="none") as server,
        aiohttp.ClientSession() as http,
        http.request(method, f"http://{HOST}:{server.port}{path}", allow_redirects=False) as response,
    ):
        body = await response.text()
        assert (response.status, told in body) == (status, True), body
    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert bool(failures) == (status == 500)


async def anybody() -> None:
    """A dependency that is not an access rule."""


def test_dependency_that_would_not_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match=r"the route /x cannot have the dependency .*anybody"):
        DirectRoute("/x", act, dependencies=[Depends(anybody)])
