"""Routes of the processor's sinks: which exist, their cursors of alerts, and what their destinations rejected."""

import sqlite3
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.problem import refuse
from edge_service.route import route
from edge_storage.lease import check_token
from edge_storage.log_id import check_log
from edge_storage.metrics import StorageMetrics
from edge_storage.routes.answers import done, json
from edge_storage.routes.parameters import (
    Fenced,
    FencedOffset,
    Id,
    Limit,
    SinkName,
    SinkPath,
    of_body,
    of_path,
    of_query,
)
from edge_storage.sinks import alert_cursors, dead_letters, declared
from edge_storage.store import Store
from edge_wire.store.sink_dead_letters import SinkDeadLetter

T = TypeVar("T")
MAX_SINKS = 32
"""Maximum number of sinks that can be declared."""

MAX_LETTERS = 1000
"""Maximum number of dead letters in a request."""

Names = Annotated[list[SinkName], Meta(max_length=MAX_SINKS)]


class Declared(Fenced, frozen=True):
    """Body with the names of all sinks."""

    readings: Names
    alerts: Names


class AlertCursor(FencedOffset, frozen=True):
    """Body with the id of the last alert that a sink has delivered."""

    id: Id


class Rejected(Fenced, frozen=True):
    """Body with new dead letters of a sink."""

    items: Annotated[list[Any], Meta(max_length=MAX_LETTERS)]


class Refusal(Struct, frozen=True):
    """A dead letter that the destination rejected again, with its answer."""

    id: Id
    message: str = ""


class Resent(Fenced, frozen=True):
    """Body with the results of another delivery."""

    delivered: Annotated[list[Id], Meta(max_length=MAX_LETTERS)]
    refused: Annotated[list[Refusal], Meta(max_length=MAX_LETTERS)]


class ResendsQuery(Struct, frozen=True):
    """Parameters of the list of dead letters that must be delivered again: `limit` is the maximum number of them."""

    limit: Limit = 100


def sinks_routes(store: Store, metrics: StorageMetrics) -> list[Route]:
    """Return the routes."""

    async def get_sinks(_: Request) -> Response:
        return json({"sinks": await store.read(declared.sinks)})

    async def put_sinks(request: Request) -> Response:
        asked = await of_body(request, Declared)
        work = partial(declared.declare, readings=asked.readings, alerts=asked.alerts)
        changed = await store.write(_fenced(asked.token, work))
        return json({"created": changed.created, "deleted": changed.deleted})

    async def get_alert_cursor(request: Request) -> Response:
        name = of_path(request, SinkPath).name
        found = await store.read(partial(alert_cursors.read_alert_cursor, name=name))
        if found is None:
            raise refuse(HTTPStatus.NOT_FOUND, "CursorNotFound", f"the sink {name} has no cursor of alerts: PUT one")
        return json({"id": found})

    async def put_alert_cursor(request: Request) -> Response:
        name, asked = of_path(request, SinkPath).name, await of_body(request, AlertCursor)
        work = partial(_advance, name=name, asked=asked)
        return json({"id": await store.write(_fenced(asked.token, work))})

    return [
        route("GET", "/v1/sinks", get_sinks),
        route("PUT", "/v1/sinks", put_sinks),
        route("GET", "/v1/alert-cursors/{name}", get_alert_cursor),
        route("PUT", "/v1/alert-cursors/{name}", put_alert_cursor),
        *_dead_letter_routes(store, metrics),
    ]


def _dead_letter_routes(store: Store, metrics: StorageMetrics) -> list[Route]:
    async def post_dead_letters(request: Request) -> Response:
        name, asked = of_path(request, SinkPath).name, await of_body(request, Rejected)
        letters = [SinkDeadLetter.from_object(each) for each in asked.items]
        added = await store.write(_fenced(asked.token, partial(dead_letters.add, sink=name, letters=letters)))
        metrics.sink_dead_letters(name, added)
        return json({"added": added})

    async def get_resends(request: Request) -> Response:
        name, limit = of_path(request, SinkPath).name, of_query(request, ResendsQuery).limit
        return json({"dead_letters": await store.read(partial(dead_letters.marked, sink=name, limit=limit))})

    async def post_done(request: Request) -> Response:
        name, asked = of_path(request, SinkPath).name, await of_body(request, Resent)
        refused = [(each.id, each.message) for each in asked.refused]
        work = partial(dead_letters.resent, sink=name, delivered=asked.delivered, refused=refused)
        metrics.dead_letters_deleted(await store.write(_fenced(asked.token, work)))
        return done()

    return [
        route("POST", "/v1/sinks/{name}/dead-letters", post_dead_letters),
        route("GET", "/v1/sinks/{name}/resends", get_resends),
        route("POST", "/v1/sinks/{name}/resends/done", post_done),
    ]


def _advance(connection: sqlite3.Connection, name: str, asked: AlertCursor) -> int:
    check_log(connection, asked.log_id)
    return alert_cursors.advance_alert_cursor(connection, name, asked.id)


def _fenced(token: int, work: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
    def checked(connection: sqlite3.Connection) -> T:
        check_token(connection, token)
        return work(connection)

    return checked
