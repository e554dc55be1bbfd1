"""The HTTP application: routes, probes, and errors as problems."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from edge_gateway.auth.route_auth import check_access_rules
from edge_gateway.body import too_large
from edge_gateway.docs_page import docs_page
from edge_gateway.metrics import Metrics
from edge_gateway.metrics_middleware import MetricsMiddleware
from edge_gateway.openapi import complete
from edge_gateway.routes.direct_route import DirectRoute, DirectRoutes
from edge_service.head_requests import HeadRequests, with_head
from edge_service.problem import Explain, Explanations, Problem
from edge_service.program import release
from edge_service.request_body import BodyTooLargeError
from edge_service.store import StoreRefusedError

ABOUT = """Devices of a site: what they are, what they measure, and commands to them.

People and programs send `Authorization: Bearer <token>`, the key `token` of the Secret `<site>-api-token`.
Devices send their id and broker password by HTTP Basic, over https, to routes below `/devices/{their id}/` only.
Errors are `application/problem+json`; `reason` is for programs.
"""

_NOTHING_FROM_ELSEWHERE = "default-src 'none'; style-src 'unsafe-inline'"


def build_app(routers: Sequence[APIRouter], probes: APIRouter, metrics: Metrics) -> ASGIApp:
    """Return the application that answers with `routers`, measured.

    Args:
        routers: the routes, each with an access rule.
        probes: the routes of the probes, which everybody may use.
        metrics: counts requests.

    Raises:
        TypeError: a route has no access rule, so that everybody could use it.
    """
    app = _App(title="Edge gateway", description=ABOUT, version=release(), docs_url=None, redoc_url=None)
    app.include_router(probes)
    for router in routers:
        check_access_rules(router)
        app.include_router(router)
    # Not FastAPI's own page: that one loads its scripts from the internet, and a site may have no connection to it.
    app.add_route("/docs", partial(_docs, app), include_in_schema=False)
    explanations = Explanations(_EXPLANATIONS)
    explanations.install(app)
    direct = [route for router in routers for route in router.routes if isinstance(route, DirectRoute)]
    return HeadRequests(MetricsMiddleware(DirectRoutes(app, direct, explanations), metrics))


class _App(FastAPI):
    """The application; its OpenAPI document has every answer."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


async def _docs(app: FastAPI, _request: Request) -> Response:
    return HTMLResponse(docs_page(app.openapi()), headers={"Content-Security-Policy": _NOTHING_FROM_ELSEWHERE})


def _invalid(_: Request, error: RequestValidationError) -> Problem:
    first = error.errors()[0]
    name = str(first["loc"][-1])
    detail = f"{name}: {first['msg']}"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidParameter", detail, extra={"field": name})


def _http(request: Request, error: HTTPException) -> Problem:
    reason = {HTTPStatus.NOT_FOUND: "RouteNotFound", HTTPStatus.METHOD_NOT_ALLOWED: "MethodNotAllowed"}
    detail = f"{request.method} {request.url.path}: {error.detail}; the routes are listed at /docs"
    status = HTTPStatus(error.status_code)
    return Problem(status, reason.get(status, "HTTPError"), detail, with_head(error.headers))


def _too_large(_: Request, __: BodyTooLargeError) -> Problem:
    return too_large().problem


def _refused_by_store(_: Request, error: StoreRefusedError) -> Problem:
    detail = f"{error}: the gateway and the store may be of different releases"
    return Problem(HTTPStatus.BAD_GATEWAY, "StoreRefused", detail)


def _failed(_: Request, __: Exception) -> Problem:
    # The server logs it: the error goes on to it from here.
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "internal error of the gateway: see its log")


_EXPLANATIONS: dict[type[Exception], Explain] = {
    RequestValidationError: _invalid,
    HTTPException: _http,
    BodyTooLargeError: _too_large,
    StoreRefusedError: _refused_by_store,
    Exception: _failed,
}
