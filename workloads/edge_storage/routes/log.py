"""Routes of sinks: the log of readings, and the cursors of what is delivered."""

import sqlite3
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from edge_service.problem import refuse
from edge_storage import cursors
from edge_storage.lease import check_token
from edge_storage.log.reader import LogReader
from edge_storage.log.tail import newest_offset
from edge_storage.pages import MAX_PAGE_BYTES, NO_END
from edge_storage.request_body import read_body
from edge_storage.routes.answers import json
from edge_storage.store import Store
from edge_wire.messages.document import load_object
from edge_wire.store import Cursor
from edge_wire.store.records import NEWEST_OFFSET

MAX_LINES = 10_000
"""Maximum number of readings that a request may ask for."""

NDJSON = "application/x-ndjson"

Name = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,62}$")]
"""Name of a sink."""

After = Annotated[int, Query(ge=0, le=NO_END)]
Lines = Annotated[int, Query(ge=0, le=MAX_LINES)]
Bytes = Annotated[int, Query(ge=1, le=MAX_PAGE_BYTES)]


class Fenced(BaseModel):
    """The token of the ingester's lease in a body: without one a cursor could be moved by a former ingester."""

    token: int


def log_router(store: Store) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1")

    @router.get("/log")
    async def get_log(after: After = 0, limit: Lines = 1000, max_bytes: Bytes = MAX_PAGE_BYTES // 4) -> Response:
        newest, lines = await store.read(partial(_log, log=store.log, after=after, limit=limit, max_bytes=max_bytes))
        content = b"".join(line + b"\n" for line in lines)
        return Response(content, headers={NEWEST_OFFSET: str(newest)}, media_type=NDJSON)

    @router.get("/cursors")
    async def get_cursors() -> Response:
        return json(await store.read(_all_cursors))

    @router.get("/cursors/{name}")
    async def get_cursor(name: Name) -> Response:
        found = await store.read(partial(cursors.read_cursor, name=name))
        if found is None:
            raise refuse(HTTPStatus.NOT_FOUND, "CursorNotFound", f"the sink {name} has no cursor: PUT one")
        return json(found.to_object())

    @router.put("/cursors/{name}")
    async def put_cursor(name: Name, request: Request) -> Response:
        document = load_object(await read_body(request))
        token = Fenced.model_validate(document, strict=True).token
        work = partial(_advance, token=token, name=name, cursor=Cursor.from_object(document))
        return json((await store.write(work)).to_object())

    return router


def _log(
    connection: sqlite3.Connection, log: LogReader, after: int, limit: int, max_bytes: int
) -> tuple[int, list[bytes]]:
    # The newest offset first: up to it, an offset without a line has no reading.
    newest = newest_offset(connection)
    found = log.read_after(connection, after, limit, max_bytes) if limit else []
    return newest, [line for _, line in found]


def _all_cursors(connection: sqlite3.Connection) -> dict[str, object]:
    found = cursors.read_all(connection)
    newest = newest_offset(connection)
    listed = [
        {"name": name, **cursor.to_object(), "pending": sum(last - first + 1 for first, last in cursor.missing(newest))}
        for name, cursor in sorted(found.items())
    ]
    return {"newest_offset": newest, "cursors": listed}


def _advance(connection: sqlite3.Connection, token: int, name: str, cursor: Cursor) -> Cursor:
    check_token(connection, token)
    return cursors.advance(connection, name, cursor)
