"""Answers HEAD as GET without the body, in every application."""

import contextlib
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEY = "edge_service.is_head"


class _AnsweredError(Exception):
    """The headers have been sent: the application need not go on."""


class HeadRequests:
    """ASGI middleware: where GET works, HEAD does, with the same status and headers.

    A response that is sent part by part ends after its first part: the query behind it is not run to its end.

    Args:
        app: the application, which has routes for GET only.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            if message.get("more_body", False):
                raise _AnsweredError

        with contextlib.suppress(_AnsweredError):
            await self._app({**scope, "method": "GET", _KEY: True}, receive, send_head)


def is_head(scope: Scope) -> bool:
    """Return whether the request is a HEAD request that is answered as GET: it must change nothing."""
    return bool(scope.get(_KEY, False))


def with_head(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the headers of an error, with HEAD beside GET in `Allow`."""
    allowed = (headers or {}).get("Allow", "").split(", ")
    return {**(headers or {}), "Allow": ", ".join([*allowed, "HEAD"])} if "GET" in allowed else headers or {}
