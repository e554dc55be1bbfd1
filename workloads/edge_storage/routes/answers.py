"""Responses and parameters that several routes share."""

from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Query, Response

from edge_storage.pages import NO_END
from edge_wire.store import Page

MAX_ITEMS = 1000
"""Maximum number of items that a request may ask for."""

Limit = Annotated[int, Query(ge=1, le=MAX_ITEMS)]
"""Maximum number of items."""

OptionalLimit = Annotated[int | None, Query(ge=1, le=MAX_ITEMS)]
"""Maximum number of items; None if it was not given."""

Before = Annotated[int, Query(ge=0, le=NO_END)]
"""Position of a page: the `next` of the previous page."""


def json(document: Any) -> Response:
    """Return a JSON response with `document`."""
    return Response(orjson.dumps(document), media_type="application/json")


def done() -> Response:
    """Return an empty response (204)."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


def page(name: str, found: Page[orjson.Fragment]) -> Response:
    """Return a response with a page of a list; its items are the member `name`."""
    return json({name: found.items, "next": found.next})
