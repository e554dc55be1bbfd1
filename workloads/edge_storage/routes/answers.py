"""Responses that several routes share."""

from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from edge_wire.store import Page


def json(document: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a JSON response with `document`."""
    return Response(orjson.dumps(document), status, media_type="application/json")


def done() -> Response:
    """Return an empty response (204)."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


def page(name: str, found: Page[orjson.Fragment]) -> Response:
    """Return a response with a page of a list; its items are the member `name`."""
    return json({name: found.items, "next": found.next})
