"""Routes of readings and arrivals."""

import logging
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from edge_service.logs import about
from edge_storage import readings
from edge_storage.frames.notifier import Notifier
from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.storing import store as store_messages
from edge_storage.metrics import StorageMetrics
from edge_storage.pages import NO_END
from edge_storage.request_body import Backpressure, read_body
from edge_storage.routes.answers import Before, OptionalLimit, json, page
from edge_storage.routes.time_ranges import DEFAULT_LIMIT, RangeParameters, answer_range
from edge_storage.store import Store
from edge_storage.time_ranges import TimeRanges
from edge_wire.store import IngestRequest, encode_result

logger = logging.getLogger(__name__)


def readings_router(store: Store, metrics: StorageMetrics, notifier: Notifier) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1")
    backpressure = Backpressure()
    ranges = TimeRanges(store)

    async def post_readings(request: Request) -> Response:
        body = await read_body(request)
        with backpressure.reserve(len(body)):
            batch = IngestRequest.parse(body)
            result = await store.write(partial(store_messages, request=batch, state=store.state))
        metrics.stored(result.accepted, result.duplicates, result.rejected)
        if result.accepted and batch.token is None:
            notifier.stored(store.state.newest_offset)
        _log_rejected(batch, result)
        return Response(_answer(batch, result), media_type="application/json")

    # A plain route (without the prefix): FastAPI's overhead is larger than the cost of storing ten readings.
    router.add_route("/v1/readings", post_readings, methods=["POST"])

    @router.get("/readings")
    async def get_readings(
        request: Request,
        asked: Annotated[RangeParameters, Depends()],
        device_id: str | None = None,
        limit: OptionalLimit = None,
        before: Before = NO_END,
    ) -> Response:
        if (answer := await answer_range(ranges, request, device_id, limit, asked)) is not None:
            return answer
        limit = DEFAULT_LIMIT if limit is None else limit
        question = partial(readings.readings, log=store.log, device_id=device_id, limit=limit, before=before)
        return page("readings", await store.read(question))

    @router.get("/arrivals")
    async def get_arrivals() -> Response:
        question = partial(readings.arrivals, recent=store.state.recent_arrivals())
        return json({"arrivals": await store.read(question)})

    return router


def _answer(batch: IngestRequest, result: StoredMessages) -> bytes:
    if batch.is_answered_with_readings:
        return result.encode()
    return encode_result((each.to_result() for each in result.messages), ())


def _log_rejected(batch: IngestRequest, result: StoredMessages) -> None:
    for message, stored in zip(batch.messages, result.messages, strict=True):
        for one in stored.rejected[:1]:
            logger.warning(
                "device %s: %d of a message set aside as dead letters: %s",
                message.device_id,
                len(stored.rejected),
                one.message,
                extra=about("device", message.device_id),
            )
