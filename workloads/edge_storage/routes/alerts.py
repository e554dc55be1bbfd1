"""Alert rules, the outbox of alerts, their history."""

import datetime as dt
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from edge_storage import alerts, readings
from edge_storage.lease import check_token
from edge_storage.pages import NO_END
from edge_storage.request_body import read_body
from edge_storage.routes.answers import Before, Limit, done, json, page
from edge_storage.store import Store
from edge_wire.messages.document import load_object


class NewRules(BaseModel):
    """Body with the new alert rules, as in a rules file."""

    token: int | None = None
    rules: list[Any]


class Sent(BaseModel):
    """Body with the ids of alerts that have been sent."""

    token: int | None = None
    ids: Annotated[list[Annotated[int, Field(ge=0, le=NO_END)]], Field(max_length=10_000)]


def alerts_router(store: Store) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1")

    @router.put("/rules")
    async def put_rules(request: Request) -> Response:
        asked = NewRules.model_validate(load_object(await read_body(request)))
        now = dt.datetime.now(dt.UTC)
        await store.write(_fenced(asked.token, partial(store.state.replace_rules, documents=asked.rules, now=now)))
        return done()

    @router.get("/alerts/outbox")
    async def get_outbox(limit: Limit = 100) -> Response:
        return json({"alerts": await store.read(partial(alerts.outbox, limit=limit))})

    @router.post("/alerts/outbox/sent")
    async def post_sent(request: Request) -> Response:
        asked = Sent.model_validate(load_object(await read_body(request)))
        await store.write(_fenced(asked.token, partial(alerts.mark_sent, ids=asked.ids)))
        return done()

    @router.get("/alerts")
    async def get_alerts(device_id: str | None = None, limit: Limit = 100, before: Before = NO_END) -> Response:
        question = partial(readings.alerts, device_id=device_id, limit=limit, before=before)
        return page("alerts", await store.read(question))

    return router


def _fenced(token: int | None, work: Callable[[sqlite3.Connection], None]) -> Callable[[sqlite3.Connection], None]:
    def checked(connection: sqlite3.Connection) -> None:
        check_token(connection, token)
        work(connection)

    return checked
