"""The parameters of `GET /v1/readings` that select readings by time."""

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct, field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edge_storage.routes.answers import json
from edge_storage.routes.parameters import Text
from edge_storage.time_ranges import TimeRanges
from edge_wire.messages import MalformedError
from edge_wire.store.reading_query import QueryError, ReadingQuery

NDJSON = "application/x-ndjson"
DEFAULT_LIMIT = 100
"""Number of readings on a page."""

Time = Annotated[str, Meta(max_length=64)]


class RangeQuery(Struct, frozen=True):
    """The parameters that select readings by time, as they were given."""

    begin: Time | None = field(name="from", default=None)
    end: Time | None = field(name="to", default=None)
    type: Text | None = None
    order: Text | None = None
    every: Text | None = None
    agg: Text | None = None
    cursor: Text | None = None


async def answer_range(
    ranges: TimeRanges, request: Request, device_id: str | None, limit: int | None, asked: RangeQuery
) -> Response | None:
    """Return the answer of a query by time; None if the request is not one.

    Args:
        ranges: answers it.
        request: its `Accept` may ask for a stream.
        device_id: of the readings.
        limit: maximum number of readings, or of buckets.
        asked: the other parameters.

    Raises:
        MalformedError: a parameter is wrong.
    """
    is_stream = NDJSON in request.headers.get("accept", "")
    if asked == RangeQuery() and not is_stream:
        return None
    if not device_id:
        raise MalformedError(
            "field", "a query by time needs device_id: add it, or remove from, to, type and the others"
        )
    try:
        query = ReadingQuery.parse(
            asked.begin, asked.end, asked.type, asked.order, asked.every, asked.agg, now=dt.datetime.now(dt.UTC)
        )
        if query.buckets is not None:
            return json(await ranges.buckets(device_id, query, limit, asked.cursor))
        if is_stream:
            return StreamingResponse(ranges.stream(device_id, query), media_type=NDJSON)
        return json(await ranges.page(device_id, query, limit or DEFAULT_LIMIT, asked.cursor))
    except QueryError as error:
        raise MalformedError("field", str(error)) from error
