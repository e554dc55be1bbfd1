"""Routes of dead letters: list, show, send again, delete."""

import datetime as dt
import sqlite3
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.problem import Problem, ProblemError, refuse
from edge_service.route import route
from edge_storage import dead_letters
from edge_storage.dead_letters import DeadLetterNotFoundError, Filter, StillRejectedError
from edge_storage.frames.notifier import Notifier
from edge_storage.log.reader import snapshot
from edge_storage.metrics import StorageMetrics
from edge_storage.pages import NO_END
from edge_storage.request_body import read_body
from edge_storage.routes.answers import done, json, page
from edge_storage.routes.parameters import Before, Limit, Text, of_path, of_query
from edge_storage.sinks import dead_letters as of_sinks
from edge_storage.sinks.resending import Marked, NotMarkedError, resend_or_mark
from edge_storage.store import Store
from edge_wire.messages import parse_timestamp


class ListQuery(Struct, frozen=True):
    """Parameters of the list.

    Attributes:
        limit: maximum number of dead letters.
        before: only older records than this position: the `next` of the previous page.
        device_id: of the dead letters; all devices if None.
        reason: of the dead letters; all reasons if None.
        sink: of which the destination rejected them; all, also those that are not readings, if None.
    """

    limit: Limit = 100
    before: Before = NO_END
    device_id: Text | None = None
    reason: Text | None = None
    sink: Text | None = None


class DeleteQuery(Struct, frozen=True):
    """Parameters that select dead letters to delete."""

    device_id: Text | None = None
    reason: Text | None = None
    received_before: Text | None = None
    sink: Text | None = None


class ResendQuery(Struct, frozen=True):
    """Parameters of sending one again."""

    location: Text = ""


class LetterPath(Struct, frozen=True):
    """The path of a dead letter: its number."""

    number: Annotated[int, Meta(ge=0, le=NO_END)]


def dead_letters_routes(store: Store, metrics: StorageMetrics, notifier: Notifier) -> list[Route]:
    """Return the routes."""

    async def get_dead_letters(request: Request) -> Response:
        asked = of_query(request, ListQuery)
        which = Filter(asked.device_id, asked.reason, sink=asked.sink)
        question = partial(dead_letters.dead_letters, which=which, limit=asked.limit, before=asked.before)
        return page("dead_letters", await store.read(question))

    async def get_dead_letter(request: Request) -> Response:
        number = of_path(request, LetterPath).number
        found = await store.read(partial(dead_letters.get, number=number))
        if found is None:
            raise _not_found(number)
        return json(found)

    async def get_counts(_: Request) -> Response:
        return json(await store.read(_counts))

    return [
        route("GET", "/v1/dead-letters", get_dead_letters),
        route("GET", "/v1/dead-letters/counts", get_counts),
        route("GET", "/v1/dead-letters/{number}", get_dead_letter),
        *_deletions(store, metrics),
        _resend(store, metrics, notifier),
    ]


def _deletions(store: Store, metrics: StorageMetrics) -> list[Route]:
    async def delete_dead_letters(request: Request) -> Response:
        asked = of_query(request, DeleteQuery)
        which = Filter(asked.device_id, asked.reason, _time(asked.received_before), asked.sink)
        if which == Filter():
            detail = (
                "name at least one of device_id, reason, sink and received_before: all dead letters would be deleted"
            )
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", detail)
        deleted = 0
        while some := await store.write(partial(dead_letters.delete_some, which=which)):
            deleted += some
        metrics.dead_letters_deleted(deleted)
        return json({"deleted": deleted})

    async def delete_dead_letter(request: Request) -> Response:
        number = of_path(request, LetterPath).number
        try:
            await store.write(partial(dead_letters.delete, number=number))
        except DeadLetterNotFoundError:
            raise _not_found(number) from None
        metrics.dead_letters_deleted(1)
        return done()

    return [
        route("DELETE", "/v1/dead-letters", delete_dead_letters),
        route("DELETE", "/v1/dead-letters/{number}", delete_dead_letter),
    ]


def _counts(connection: sqlite3.Connection) -> dict[str, Any]:
    with snapshot(connection):
        sinks = of_sinks.count_by_sink(connection)
        return {"sinks": sinks, "readings": of_sinks.count_all(connection) - sum(sinks.values())}


def _resend(store: Store, metrics: StorageMetrics, notifier: Notifier) -> Route:
    async def resend(request: Request) -> Response:
        number, location = of_path(request, LetterPath).number, of_query(request, ResendQuery).location
        body = await read_body(request)
        now = dt.datetime.now(dt.UTC)
        work = partial(
            resend_or_mark, state=store.state, number=number, payload=body or None, location=location, now=now
        )
        try:
            result = await store.write(work)
        except DeadLetterNotFoundError:
            raise _not_found(number) from None
        except StillRejectedError as error:
            metrics.dead_letter_resent("rejected")
            raise _still_rejected(number, error) from None
        except NotMarkedError as error:
            raise refuse(HTTPStatus.CONFLICT, error.reason, str(error)) from None
        if isinstance(result, Marked):
            metrics.dead_letter_resent("marked")
            marked = {"id": number, "device_id": result.device_id, "sink": result.sink, "resending": True}
            return json(marked, HTTPStatus.ACCEPTED)
        device_id, stored = result
        metrics.dead_letter_resent("stored")
        metrics.stored(stored.accepted, stored.duplicates, stored.rejected)
        notifier.stored(store.state.newest_offset)
        message = stored.messages[0]
        counts = {"accepted": len(message.readings), "duplicates": message.duplicates}
        return json({"id": number, "device_id": device_id, **counts})

    return route("POST", "/v1/dead-letters/{number}/resend", resend)


def _time(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    time = parse_timestamp(text)
    if time is None:
        detail = "received_before must be a time as RFC 3339, such as 2026-01-31T12:00:00.000Z"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", detail)
    return time


def _not_found(number: int) -> ProblemError:
    detail = f"there is no dead letter {number}: see GET /v1/dead-letters"
    return refuse(HTTPStatus.NOT_FOUND, "DeadLetterNotFound", detail)


def _still_rejected(number: int, error: StillRejectedError) -> ProblemError:
    rejected = [{"reason": each.reason, "message": each.message} for each in error.rejected]
    detail = f"dead letter {number} stays: {error}: send a corrected payload as the body"
    return ProblemError(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "NoReading", detail, extra={"rejected": rejected}))
