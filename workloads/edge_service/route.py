"""Routes of a Starlette application."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]
"""Answers a request."""


def route(method: str, path: str, endpoint: Endpoint) -> Route:
    """Return the route that answers `method` on `path`, such as `/v1/cursors/{name}`, and no other method."""
    made = Route(path, endpoint, methods=[method])
    # Starlette adds HEAD to GET. `HeadRequests` answers it.
    made.methods = {method}
    return made
