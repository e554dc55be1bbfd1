"""`/dead-letters`: payloads that are not readings, and what sinks rejected: list, show, send again, delete."""

import base64
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from edge_gateway.auth.route_auth import RouteAuth, caller_of
from edge_gateway.routes.documents import RESEND_BODY
from edge_gateway.routes.inputs import MAX_OFFSET, Cursor, Limit, answer, next_page, offset, read_body
from edge_gateway.store_errors import translated
from edge_service.problem import refuse
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.messages import parse_timestamp

_LIST = "dead-letters"

OfDevice = Annotated[str | None, Query(max_length=64, description="Only those of this device.")]
WithReason = Annotated[str | None, Query(max_length=64, description="Only those with this reason, such as `json`.")]
OfSink = Annotated[str | None, Query(max_length=64, description="Only those that this sink rejected, such as `cloud`.")]
BeforeTime = Annotated[str | None, Query(max_length=64, description="Only those that arrived before this time.")]
DeadLetterId = Annotated[int, Path(ge=0, le=MAX_OFFSET, description="`id` of the dead letter.")]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetterRoutes:
    """The routes of dead letters.

    Attributes:
        store: keeps them.
        location: of the site, for readings that name none.
    """

    store: StoreClient
    location: str

    def router(self, auth: RouteAuth) -> APIRouter:
        """Return the routes with their access rules."""
        router = APIRouter(tags=["dead letters"])
        several, one = "/dead-letters", "/dead-letters/{number}"
        programs = auth.programs
        router.add_api_route(
            several, self.list, dependencies=programs, summary="Payloads that are not readings, and what sinks rejected"
        )
        router.add_api_route(
            several, self.delete_several, methods=["DELETE"], dependencies=programs, summary="Delete dead letters"
        )
        router.add_api_route(one, self.show, dependencies=programs, summary="One dead letter")
        router.add_api_route(
            one,
            self.delete,
            methods=["DELETE"],
            status_code=HTTPStatus.NO_CONTENT,
            dependencies=programs,
            summary="Delete a dead letter",
        )
        router.add_api_route(
            f"{one}/resend",
            self.resend,
            methods=["POST"],
            dependencies=programs,
            summary="Send a dead letter again",
            openapi_extra=RESEND_BODY,
        )
        return router

    async def list(
        self,
        limit: Limit = 100,
        cursor: Cursor = None,
        device_id: OfDevice = None,
        reason: WithReason = None,
        sink: OfSink = None,
    ) -> Response:
        """List at most `limit` dead letters, newest first; `payload` is base64, `text` the payload if it is UTF-8.

        `sink` is the sink that rejected a reading or an alert, null for a payload that is not a reading.
        `offset` is that of the reading. `resending` is true until the sink has delivered it again.
        """
        before = offset(_LIST, cursor)
        with translated():
            page = await self.store.dead_letters(limit, before, device_id, reason, sink)
        return answer({"dead_letters": [_shown(each) for each in page.items], "next": next_page(_LIST, page.next)})

    async def show(self, number: DeadLetterId) -> Response:
        """Show a dead letter."""
        with _refusals(), translated():
            return answer(_shown(await self.store.dead_letter(number)))

    async def delete(self, request: Request, number: DeadLetterId) -> Response:
        """Delete a dead letter."""
        with _refusals(), translated():
            await self.store.delete_dead_letter(number)
        logger.info("%s deleted the dead letter %d", caller_of(request).name, number)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def delete_several(
        self,
        request: Request,
        device_id: OfDevice = None,
        reason: WithReason = None,
        before: BeforeTime = None,
        sink: OfSink = None,
    ) -> Response:
        """Delete all dead letters that match every parameter; at least one parameter is required."""
        if device_id is None and reason is None and before is None and sink is None:
            detail = "name at least one of device_id, reason, sink and before: all dead letters would be deleted"
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidParameter", detail)
        if before is not None and parse_timestamp(before) is None:
            detail = "before must be a time as RFC 3339, such as 2026-01-31T12:00:00.000Z"
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "InvalidParameter", detail, field="before")
        with translated():
            deleted = await self.store.delete_dead_letters(device_id, reason, before, sink)
        logger.info(
            "%s deleted %d dead letters (device %s, reason %s, before %s, sink %s)",
            caller_of(request).name,
            deleted,
            *(each or "any" for each in (device_id, reason, before, sink)),
        )
        return answer({"deleted": deleted})

    async def resend(self, request: Request, number: DeadLetterId) -> Response:
        """Store the body, or without a body the dead letter itself, as readings of its device, and delete it.

        It stays if any part is not a reading: `rejected` has the reasons. What a sink rejected is sent without a body:
        the sink delivers it again, and then deletes it (202).
        """
        payload = await read_body(request)
        with _refusals(), translated():
            stored = await self.store.resend_dead_letter(number, payload, location=self.location)
        logger.info(
            "%s sent the dead letter %d of device %s again", caller_of(request).name, number, stored["device_id"]
        )
        return answer(stored, HTTPStatus.ACCEPTED if stored.get("resending") else HTTPStatus.OK)


@contextmanager
def _refusals() -> Iterator[None]:
    """Answer with the store's own problem if it has no such dead letter, or if that cannot be sent again."""
    try:
        yield
    except StoreRefusedError as error:
        reason, detail = error.problem.get("reason"), str(error.problem.get("detail"))
        if reason == "DeadLetterNotFound":
            raise refuse(HTTPStatus.NOT_FOUND, reason, f"{detail.partition(':')[0]}: see GET /dead-letters") from error
        if reason in ("PayloadNotAllowed", "SinkNotFound"):
            raise refuse(HTTPStatus.CONFLICT, reason, detail) from error
        if reason == "NoReading":
            rejected = error.problem.get("rejected")
            raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, reason, detail, rejected=rejected) from error
        raise


def _shown(letter: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = base64.b64decode(letter["payload"]).decode()
    except UnicodeDecodeError:
        text = None
    return {**letter, "text": text}
