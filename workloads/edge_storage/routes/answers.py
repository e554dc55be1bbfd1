"""Answers and questions that several routes share."""

from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Query, Response

from edge_storage.pages import NO_END
from edge_wire.store import Page

MOST = 1000

Limit = Annotated[int, Query(ge=1, le=MOST)]
"""How many of a list."""

Before = Annotated[int, Query(ge=0, le=NO_END)]
"""Where a list goes on: what `next` of the page before it said."""


def json(document: Any) -> Response:
    """Return `document` as the answer."""
    return Response(orjson.dumps(document), media_type="application/json")


def done() -> Response:
    """Return the answer that has nothing to say."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


def page(name: str, found: Page[orjson.Fragment]) -> Response:
    """Return a page of a list; its items under `name`."""
    return json({name: found.items, "next": found.next})
