"""Routes of dead letters: list, show, send again, delete."""

import datetime as dt
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from edge_service.problem import Problem, ProblemError, refuse
from edge_storage import dead_letters
from edge_storage.dead_letters import DeadLetterNotFoundError, Filter, StillRejectedError
from edge_storage.frames.notifier import Notifier
from edge_storage.metrics import StorageMetrics
from edge_storage.pages import NO_END
from edge_storage.request_body import read_body
from edge_storage.routes.answers import Before, Limit, done, json, page
from edge_storage.store import Store
from edge_wire.messages import parse_timestamp

Id = Annotated[int, Path(ge=0, le=NO_END)]
Text = Annotated[str | None, Query(max_length=256)]


def dead_letters_router(store: Store, metrics: StorageMetrics, notifier: Notifier) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/dead-letters")

    @router.get("")
    async def get_dead_letters(
        limit: Limit = 100, before: Before = NO_END, device_id: Text = None, reason: Text = None
    ) -> Response:
        which = Filter(device_id, reason)
        question = partial(dead_letters.dead_letters, which=which, limit=limit, before=before)
        return page("dead_letters", await store.read(question))

    @router.get("/{number}")
    async def get_dead_letter(number: Id) -> Response:
        found = await store.read(partial(dead_letters.get, number=number))
        if found is None:
            raise _not_found(number)
        return json(found)

    _add_deletions(router, store, metrics)
    _add_resend(router, store, metrics, notifier)
    return router


def _add_deletions(router: APIRouter, store: Store, metrics: StorageMetrics) -> None:
    @router.delete("")
    async def delete_dead_letters(
        device_id: Text = None, reason: Text = None, received_before: Text = None
    ) -> Response:
        which = Filter(device_id, reason, _time(received_before))
        if which == Filter():
            detail = "name at least one of device_id, reason and received_before: all dead letters would be deleted"
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", detail)
        deleted = 0
        while some := await store.write(partial(dead_letters.delete_some, which=which)):
            deleted += some
        metrics.dead_letters_deleted(deleted)
        return json({"deleted": deleted})

    @router.delete("/{number}")
    async def delete_dead_letter(number: Id) -> Response:
        try:
            await store.write(partial(dead_letters.delete, number=number))
        except DeadLetterNotFoundError:
            raise _not_found(number) from None
        metrics.dead_letters_deleted(1)
        return done()


def _add_resend(router: APIRouter, store: Store, metrics: StorageMetrics, notifier: Notifier) -> None:
    @router.post("/{number}/resend")
    async def resend(number: Id, request: Request, location: Annotated[str, Query(max_length=256)] = "") -> Response:
        body = await read_body(request)
        now = dt.datetime.now(dt.UTC)
        work = partial(
            dead_letters.resend, state=store.state, number=number, payload=body or None, location=location, now=now
        )
        try:
            device_id, result = await store.write(work)
        except DeadLetterNotFoundError:
            raise _not_found(number) from None
        except StillRejectedError as error:
            metrics.dead_letter_resent("rejected")
            raise _still_rejected(number, error) from None
        metrics.dead_letter_resent("stored")
        metrics.stored(result.accepted, result.duplicates, result.rejected)
        notifier.stored(store.state.newest_offset)
        message = result.messages[0]
        counts = {"accepted": len(message.readings), "duplicates": message.duplicates}
        return json({"id": number, "device_id": device_id, **counts})


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
