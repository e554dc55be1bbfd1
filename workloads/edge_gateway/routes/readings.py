"""`/devices/{id}/readings`: stored readings, newest first, by time, or as one value for each bucket of time."""

import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from edge_gateway.auth.route_auth import RouteAuth
from edge_gateway.devices.table import DeviceTable
from edge_gateway.routes.documents import READINGS_ANSWER
from edge_gateway.routes.finder import DeviceFinder
from edge_gateway.routes.inputs import Cursor, DeviceId, answer, next_page, offset, position
from edge_gateway.store_errors import translated
from edge_service.problem import ProblemError, refuse
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store.reading_cursor import ReadingCursor, parse_bucket_cursor
from edge_wire.store.reading_query import QueryError, ReadingQuery, TooManyBucketsError

NDJSON = "application/x-ndjson"
_DEFAULT_LIMIT = 100
_READINGS = "readings"
_BY_TIME = "readings-by-time"
_BUCKETS = "buckets"

Limit = Annotated[
    int | None, Query(ge=1, le=1000, description="Maximum number: of readings (default 100), or of buckets (all).")
]
From = Annotated[
    str | None,
    Query(alias="from", max_length=64, description="Earliest `timestamp`, RFC 3339, such as `2026-01-31T12:00:00Z`."),
]
To = Annotated[str | None, Query(alias="to", max_length=64, description="End of the range, exclusive, RFC 3339.")]
Type = Annotated[str | None, Query(alias="type", max_length=256, description="Only readings of this sensor type.")]
Order = Annotated[
    str | None,
    Query(max_length=8, description="`asc` or `desc`, by `timestamp`. Default: `asc` with `from` or `to`."),
]
Every = Annotated[
    str | None,
    Query(max_length=64, description="One value for each bucket of this length, such as `1m`; `1s` to `8784h`."),
]
Agg = Annotated[
    str | None,
    Query(max_length=8, description="How a bucket becomes one value: `avg` (default), `min`, `max`, `last`."),
]


@dataclass(frozen=True, slots=True)
class ReadingRoutes:
    """The route of stored readings.

    Attributes:
        table: of the devices.
        store: keeps the readings.
        now: the time (aware).
    """

    table: DeviceTable
    store: StoreClient
    now: Callable[[], dt.datetime]

    def router(self, auth: RouteAuth) -> APIRouter:
        """Return the route with its access rule."""
        router = APIRouter(tags=["readings"])
        router.add_api_route(
            "/devices/{device_id}/readings",
            self.readings,
            dependencies=auth.programs,
            summary="Stored readings",
            responses=READINGS_ANSWER,
        )
        return router

    async def readings(
        self,
        request: Request,
        device_id: DeviceId,
        limit: Limit = None,
        cursor: Cursor = None,
        begin: From = None,
        end: To = None,
        sensor_type: Type = None,
        order: Order = None,
        every: Every = None,
        agg: Agg = None,
    ) -> Response:
        """List at most `limit` readings of a device, newest first; with `from` or `to` in the order of `timestamp`.

        With `every` the answer has `buckets`: one value for each bucket, sensor type and unit. Buckets are aligned to
        1970 in UTC; buckets without readings are absent. With `Accept: application/x-ndjson` all readings of the range
        are sent, one on a line.
        """
        given = (begin, end, sensor_type, order, every, agg)
        is_stream = NDJSON in request.headers.get("accept", "")
        if not any(each is not None for each in given) and not is_stream:
            return await self._newest(device_id, limit or _DEFAULT_LIMIT, cursor)
        try:
            query = ReadingQuery.parse(*given, now=self.now())
            if query.buckets is not None:
                return await self._buckets(device_id, query, limit, cursor)
            if is_stream:
                return await self._stream(device_id, query)
            return await self._by_time(device_id, query, limit or _DEFAULT_LIMIT, cursor)
        except QueryError as error:
            raise _invalid(error) from error

    async def _newest(self, device_id: str, limit: int, cursor: str | None) -> Response:
        before = offset(_READINGS, cursor)
        with translated():
            page = await self.store.readings(device_id, limit, before)
        if not page.items and before is None:
            self._check(device_id)
        return answer({"readings": page.items, "next": next_page(_READINGS, page.next)})

    async def _by_time(self, device_id: str, query: ReadingQuery, limit: int, cursor: str | None) -> Response:
        after = position(_BY_TIME, cursor)
        if after is not None:
            ReadingCursor.parse(after)
        with translated():
            page = await self.store.readings_by_time(device_id, query, limit, after)
        if not page.items and after is None:
            self._check(device_id)
        return answer({"readings": page.items, "next": next_page(_BY_TIME, page.next)})

    async def _buckets(self, device_id: str, query: ReadingQuery, limit: int | None, cursor: str | None) -> Response:
        after = position(_BUCKETS, cursor)
        if after is not None:
            parse_bucket_cursor(after)
        try:
            with translated():
                page = await self.store.buckets(device_id, query, limit, after)
        except StoreRefusedError as error:
            if error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                # The number of sensor types is known only to the store.
                raise TooManyBucketsError from error
            raise
        if not page.items and after is None:
            self._check(device_id)
        return answer({"buckets": page.items, "next": next_page(_BUCKETS, page.next)})

    async def _stream(self, device_id: str, query: ReadingQuery) -> Response:
        parts = self.store.stream_readings(device_id, query)
        with translated():
            # Errors of the store are a problem only as long as no part has been sent.
            first = await anext(parts, None)
        if first is None:
            self._check(device_id)
        return StreamingResponse(_joined(first or b"", parts), media_type=NDJSON)

    def _check(self, device_id: str) -> None:
        """Check that a device without readings is known: it may have sent readings without a status.

        Raises:
            ProblemError: it is unknown.
        """
        DeviceFinder(self.table).find(device_id)


async def _joined(first: bytes, parts: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(parts):
        yield first
        async for part in parts:
            yield part


def _invalid(error: QueryError) -> ProblemError:
    reason = "InvalidCursor" if error.parameter == "cursor" else "InvalidParameter"
    return refuse(HTTPStatus.UNPROCESSABLE_ENTITY, reason, str(error), field=error.parameter)
