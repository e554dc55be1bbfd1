"""Answers queries of a device's readings by time: pages, buckets, and streams of whole ranges."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from edge_storage.log.buckets import Summary, summaries
from edge_storage.log.selection import Position, position_of, selection_of
from edge_storage.log.time_query import TimeQuery, after
from edge_storage.pages import MAX_PAGE_BYTES
from edge_storage.store import Store
from edge_storage.timestamps import to_milliseconds
from edge_wire.store.reading_cursor import ReadingCursor, parse_bucket_cursor
from edge_wire.store.reading_query import MAX_BUCKETS, QueryError, ReadingQuery, TooManyBucketsError


class TimeRanges:
    """Queries by time, for the routes.

    Args:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._query = TimeQuery(store.log)
        # One reader at most reads long ranges, so that another is free for short questions.
        self._long = asyncio.Semaphore(1)

    async def page(self, device_id: str, asked: ReadingQuery, limit: int, cursor: str | None) -> dict[str, Any]:
        """Return the answer with the first readings.

        Args:
            device_id: of the readings.
            asked: without buckets.
            limit: maximum number of readings.
            cursor: `next` of the page before.

        Raises:
            QueryError: the cursor is wrong.
        """
        selection = selection_of(device_id, asked)
        if cursor is not None:
            last = ReadingCursor.parse(cursor)
            selection = replace(selection, after=Position(last.timestamp.encode(), last.offset))
        read = partial(self._query.page, selection=selection, max_lines=limit, max_bytes=MAX_PAGE_BYTES)
        page = await self._store.read(read)
        next_ = None
        if not page.is_complete:
            end = position_of(page.lines[-1], device_id)
            next_ = str(ReadingCursor(end.timestamp.decode(), end.offset))
        return {"readings": [orjson.Fragment(line) for line in page.lines], "next": next_}

    async def buckets(
        self, device_id: str, asked: ReadingQuery, limit: int | None, cursor: str | None
    ) -> dict[str, Any]:
        """Return the answer with one value for each bucket, sensor type and unit.

        Args:
            device_id: of the readings.
            asked: with buckets.
            limit: maximum number of buckets; None returns all.
            cursor: `next` of the page before.

        Raises:
            QueryError: the cursor is wrong, or there are too many values.
        """
        if cursor is not None:
            asked = replace(asked, begin=to_milliseconds(parse_bucket_cursor(cursor)))
        async with self._long:
            return await self._store.read(partial(self._buckets, device_id=device_id, asked=asked, limit=limit))

    async def stream(self, device_id: str, asked: ReadingQuery) -> AsyncIterator[bytes]:
        """Yield all readings as NDJSON; a part is read when the client has received the one before."""
        selection = selection_of(device_id, asked)
        is_complete = False
        while not is_complete:
            async with self._long:
                page = await self._store.read(partial(self._query.page, selection=selection))
            is_complete = page.is_complete
            if page.lines:
                yield b"\n".join(page.lines) + b"\n"
                selection = after(selection, page)

    def _buckets(
        self, connection: sqlite3.Connection, device_id: str, asked: ReadingQuery, limit: int | None
    ) -> dict[str, Any]:
        if asked.buckets is None:
            raise QueryError("every", "every is missing")
        lines = self._query.stream(connection, selection_of(device_id, asked))
        found: list[Summary] = []
        for number, bucket in enumerate(summaries(lines, device_id, asked.buckets)):
            if number == limit:
                next_ = bucket[0].to_object()["from"]
                return {"buckets": [each.to_object() for each in found], "next": next_}
            found += bucket
            if len(found) > MAX_BUCKETS:
                raise TooManyBucketsError
        return {"buckets": [each.to_object() for each in found], "next": None}
