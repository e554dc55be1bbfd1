"""The HTTP application: routes, probes, and errors as problems."""

from collections.abc import Iterable
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from edge_gateway.docs_page import docs_page
from edge_gateway.measured import Measured
from edge_gateway.metrics import Metrics
from edge_gateway.problem import Problem, ProblemError
from edge_service.program import release
from edge_service.store import StoreRefusedError

ABOUT = """Devices of a site: what they are, what they measure, and commands to them.

People and programs send `Authorization: Bearer <token>`, the key `token` of the Secret `<site>-api-token`.
Devices send their id and broker password by HTTP Basic, over https, to routes below `/devices/{their id}/` only.
Errors are `application/problem+json`; `reason` is for programs.
"""

_NOTHING_FROM_ELSEWHERE = "default-src 'none'; style-src 'unsafe-inline'"


def build_app(routers: Iterable[APIRouter], metrics: Metrics) -> ASGIApp:
    """Return the application that answers with `routers`, measured."""
    app = FastAPI(title="Edge gateway", description=ABOUT, version=release(), docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    # Not FastAPI's own page: that one loads its scripts from elsewhere, and a site may be cut off.
    app.add_route("/docs", partial(_docs, app), include_in_schema=False)
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreRefusedError, _refused_by_store)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    return Measured(app, metrics)


async def _docs(app: FastAPI, _request: Request) -> Response:
    return HTMLResponse(docs_page(app.openapi()), headers={"Content-Security-Policy": _NOTHING_FROM_ELSEWHERE})


async def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    return error.problem.response()


async def _invalid(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    name = str(first["loc"][-1])
    detail = f"{name}: {first['msg']}"
    problem = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidParameter", detail, extra={"field": name})
    return problem.response()


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    reason = {HTTPStatus.NOT_FOUND: "RouteNotFound", HTTPStatus.METHOD_NOT_ALLOWED: "MethodNotAllowed"}
    detail = f"{request.method} {request.url.path}: {error.detail}; the routes are listed at /docs"
    status = HTTPStatus(error.status_code)
    return Problem(status, reason.get(status, "HTTPError"), detail, error.headers or {}).response()


async def _refused_by_store(_request: Request, error: Exception) -> Response:
    detail = f"{error}: the gateway and the store may be of different releases"
    return Problem(HTTPStatus.BAD_GATEWAY, "StoreRefused", detail).response()


async def _gone(_request: Request, _error: Exception) -> Response:
    # Nobody is there to read it; without an answer the server would log a failure of ours.
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _failed(_request: Request, _error: Exception) -> Response:
    # The server logs it: the error goes on to it from here.
    detail = "internal error of the gateway: see its log"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", detail).response()
