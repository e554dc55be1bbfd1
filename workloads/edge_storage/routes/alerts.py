"""Alert rules, the outbox of alerts, their history."""

import datetime as dt
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import orjson
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.route import route
from edge_storage import alerts, readings
from edge_storage.lease import check_token
from edge_storage.log.reader import snapshot
from edge_storage.pages import NO_END
from edge_storage.routes.answers import done, json, page
from edge_storage.routes.parameters import MAX_ITEMS, Before, Id, Limit, of_body, of_query
from edge_storage.sinks.alert_cursors import newest_alert
from edge_storage.store import Store


class NewRules(Struct, frozen=True):
    """Body with the new alert rules, as in a rules file."""

    rules: list[Any]
    token: int | None = None


class Sent(Struct, frozen=True):
    """Body with the ids of alerts that have been sent."""

    ids: Annotated[list[Annotated[int, Meta(ge=0, le=NO_END)]], Meta(max_length=10_000)]
    token: int | None = None


class OutboxQuery(Struct, frozen=True):
    """Parameters of the outbox.

    Attributes:
        limit: maximum number of alerts.
    """

    limit: Limit = 100


class AlertsLogQuery(Struct, frozen=True):
    """Parameters of the log of alerts: `limit` alerts `after` an id; with the limit 0 only the newest id."""

    after: Id = 0
    limit: Annotated[int, Meta(ge=0, le=MAX_ITEMS)] = 100


class AlertsQuery(Struct, frozen=True):
    """Parameters of the history.

    Attributes:
        device_id: of the alerts; all devices if None.
        limit: maximum number of alerts.
        before: only older alerts than this position: the `next` of the previous page.
    """

    device_id: str | None = None
    limit: Limit = 100
    before: Before = NO_END


def alerts_routes(store: Store) -> list[Route]:
    """Return the routes."""

    async def put_rules(request: Request) -> Response:
        asked = await of_body(request, NewRules)
        now = dt.datetime.now(dt.UTC)
        await store.write(_fenced(asked.token, partial(store.state.replace_rules, documents=asked.rules, now=now)))
        return done()

    async def get_outbox(request: Request) -> Response:
        asked = of_query(request, OutboxQuery)
        return json({"alerts": await store.read(partial(alerts.outbox, limit=asked.limit))})

    async def post_sent(request: Request) -> Response:
        asked = await of_body(request, Sent)
        await store.write(_fenced(asked.token, partial(alerts.mark_sent, ids=asked.ids)))
        return done()

    async def get_log(request: Request) -> Response:
        asked = of_query(request, AlertsLogQuery)
        return json(await store.read(partial(_log, asked=asked)))

    async def get_firing(_: Request) -> Response:
        return json({"alerts": await store.read(alerts.firing)})

    async def get_alerts(request: Request) -> Response:
        asked = of_query(request, AlertsQuery)
        question = partial(readings.alerts, device_id=asked.device_id, limit=asked.limit, before=asked.before)
        return page("alerts", await store.read(question))

    return [
        route("PUT", "/v1/rules", put_rules),
        route("GET", "/v1/alerts/outbox", get_outbox),
        route("POST", "/v1/alerts/outbox/sent", post_sent),
        route("GET", "/v1/alerts/log", get_log),
        route("GET", "/v1/alerts/firing", get_firing),
        route("GET", "/v1/alerts", get_alerts),
    ]


def _log(connection: sqlite3.Connection, asked: AlertsLogQuery) -> dict[str, Any]:
    with snapshot(connection):
        newest = newest_alert(connection)
        found: Sequence[orjson.Fragment] = alerts.after(connection, asked.after, asked.limit) if asked.limit else []
    return {"alerts": found, "newest": newest}


def _fenced(token: int | None, work: Callable[[sqlite3.Connection], None]) -> Callable[[sqlite3.Connection], None]:
    def checked(connection: sqlite3.Connection) -> None:
        check_token(connection, token)
        work(connection)

    return checked
