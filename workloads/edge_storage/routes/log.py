"""Routes of sinks: the log of readings, and the cursors of what is delivered."""

import sqlite3
from functools import partial
from http import HTTPStatus
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.problem import refuse
from edge_service.route import route
from edge_storage import cursors
from edge_storage.lease import check_token
from edge_storage.log.reader import LogReader
from edge_storage.log.tail import newest_offset
from edge_storage.log_id import check_log, log_id
from edge_storage.pages import MAX_PAGE_BYTES, NO_END
from edge_storage.request_body import read_body
from edge_storage.routes.answers import json
from edge_storage.routes.parameters import FencedOffset, SinkPath, of_document, of_path, of_query
from edge_storage.store import Store
from edge_wire.messages.document import load_object
from edge_wire.store import Cursor
from edge_wire.store.records import LOG_ID, NEWEST_OFFSET

MAX_LINES = 10_000
"""Maximum number of readings that a request may ask for."""

NDJSON = "application/x-ndjson"


class LogQuery(Struct, frozen=True):
    """Parameters of the log: readings `after` an offset, at most `limit` of them, in about `max_bytes`."""

    after: Annotated[int, Meta(ge=0, le=NO_END)] = 0
    limit: Annotated[int, Meta(ge=0, le=MAX_LINES)] = 1000
    max_bytes: Annotated[int, Meta(ge=1, le=MAX_PAGE_BYTES)] = MAX_PAGE_BYTES // 4


def log_routes(store: Store) -> list[Route]:
    """Return the routes."""

    async def get_log(request: Request) -> Response:
        found = await store.read(partial(_log, log=store.log, asked=of_query(request, LogQuery)))
        newest, log_id_, content = found
        return Response(content, headers={NEWEST_OFFSET: str(newest), LOG_ID: log_id_}, media_type=NDJSON)

    async def get_cursors(_: Request) -> Response:
        return json(await store.read(_all_cursors))

    async def get_cursor(request: Request) -> Response:
        name = of_path(request, SinkPath).name
        found = await store.read(partial(cursors.read_cursor, name=name))
        if found is None:
            raise refuse(HTTPStatus.NOT_FOUND, "CursorNotFound", f"the sink {name} has no cursor: PUT one")
        return json(found.to_object())

    async def put_cursor(request: Request) -> Response:
        name = of_path(request, SinkPath).name
        document = load_object(await read_body(request))
        asked = of_document(document, FencedOffset)
        work = partial(_advance, asked=asked, name=name, cursor=Cursor.from_object(document))
        return json((await store.write(work)).to_object())

    return [
        route("GET", "/v1/log", get_log),
        route("GET", "/v1/cursors", get_cursors),
        route("GET", "/v1/cursors/{name}", get_cursor),
        route("PUT", "/v1/cursors/{name}", put_cursor),
    ]


def _log(connection: sqlite3.Connection, log: LogReader, asked: LogQuery) -> tuple[int, str, bytes]:
    # The newest offset first: up to it, an offset without a line has no reading.
    newest = newest_offset(connection)
    return newest, log_id(connection), log.page_after(connection, asked.after, asked.limit, asked.max_bytes)


def _all_cursors(connection: sqlite3.Connection) -> dict[str, object]:
    found = cursors.read_all(connection)
    newest = newest_offset(connection)
    listed = [
        {"name": name, **cursor.to_object(), "pending": sum(last - first + 1 for first, last in cursor.missing(newest))}
        for name, cursor in sorted(found.items())
    ]
    return {"newest_offset": newest, "cursors": listed}


def _advance(connection: sqlite3.Connection, asked: FencedOffset, name: str, cursor: Cursor) -> Cursor:
    check_token(connection, asked.token)
    check_log(connection, asked.log_id)
    return cursors.advance(connection, name, cursor)
