"""ASGI middleware that counts and times every HTTP request."""

import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge_gateway.metrics import Metrics
from edge_service.head_requests import is_head

UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER = "other"
"""Label of unknown methods: text of a client must not become a label value."""


class MetricsMiddleware:
    """Measures requests by route, not by path: paths contain ids.

    Args:
        app: the application.
        metrics: of the gateway.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and measure it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        code: int = HTTPStatus.INTERNAL_SERVER_ERROR

        async def watch(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        began = time.perf_counter()
        try:
            await self._app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", UNMATCHED)
            method = "HEAD" if is_head(scope) else scope["method"] if scope["method"] in METHODS else OTHER
            self._metrics.requests.labels(route, method, str(code)).inc()
            self._metrics.request_seconds.labels(route, method).observe(time.perf_counter() - began)
