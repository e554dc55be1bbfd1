"""Routes of readings and arrivals."""

import logging
from functools import partial

from msgspec import UNSET, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge_service.logs import about
from edge_service.route import route
from edge_storage import readings
from edge_storage.frames.notifier import Notifier
from edge_storage.ingest.result import StoredMessages
from edge_storage.ingest.storing import store as store_messages
from edge_storage.metrics import StorageMetrics
from edge_storage.pages import NO_END
from edge_storage.request_body import Backpressure, read_body
from edge_storage.routes.answers import json, page
from edge_storage.routes.parameters import Before, Limit, given, of_query
from edge_storage.routes.time_ranges import DEFAULT_LIMIT, RangeQuery, answer_range
from edge_storage.store import Store
from edge_storage.time_ranges import TimeRanges
from edge_wire.store import IngestRequest, encode_result

logger = logging.getLogger(__name__)


class PageQuery(Struct, frozen=True):
    """Parameters of a page of readings; those of a query by time are in `RangeQuery`.

    Attributes:
        device_id: of the readings; all devices if None.
        limit: maximum number of readings, or of buckets.
        before: only older readings than this position: the `next` of the previous page.
    """

    device_id: str | None = None
    limit: Limit | UnsetType = UNSET
    before: Before = NO_END


def readings_routes(store: Store, metrics: StorageMetrics, notifier: Notifier) -> list[Route]:
    """Return the routes."""
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

    async def get_readings(request: Request) -> Response:
        asked, by_time = of_query(request, PageQuery), of_query(request, RangeQuery)
        device_id, limit = asked.device_id, given(asked.limit)
        if (answer := await answer_range(ranges, request, device_id, limit, by_time)) is not None:
            return answer
        limit = DEFAULT_LIMIT if limit is None else limit
        question = partial(readings.readings, log=store.log, device_id=device_id, limit=limit, before=asked.before)
        return page("readings", await store.read(question))

    async def get_arrivals(_: Request) -> Response:
        question = partial(readings.arrivals, recent=store.state.recent_arrivals())
        return json({"arrivals": await store.read(question)})

    return [
        route("POST", "/v1/readings", post_readings),
        route("GET", "/v1/readings", get_readings),
        route("GET", "/v1/arrivals", get_arrivals),
    ]


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
