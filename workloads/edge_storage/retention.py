"""Retention: drops the oldest readings and deletes the oldest rows, in small transactions beside the others."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edge_pacing.backoff import Backoff
from edge_storage.log.expired_rows import TABLES, Table, delete, expired, newest_id
from edge_storage.log.expired_seen import SeenKey, delete_seen, expired_seen
from edge_storage.log.retention_plan import Drop, Limits, next_drop
from edge_storage.log.segment_index import has_segment, remove_segment, segments
from edge_storage.retained import (
    DropObserver,
    disk_bytes_of,
    estimated_bytes,
    is_oldest_batch,
    oldest_batch,
    oldest_offset,
    record_drop,
    sinks_of,
)
from edge_storage.store import Store
from edge_wire.store import StoreUnavailableError

CHECK_SECONDS = 1.0
"""Seconds between two checks. What arrives between them is part of the slack above maxSize."""

SCAN_SECONDS = 60.0
"""Seconds between two searches for old rows in a table without new rows, and between two counts of all files."""

_LONGEST_RETRY_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Retention:
    """Keeps the limits.

    Args:
        store: the open store.
        limits: what may be kept.
        observer: observes what is dropped.
        now: returns the time, in milliseconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        limits: Limits,
        observer: DropObserver,
        now: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        self._store = store
        self._limits = limits
        self._observer = observer
        self._now = now
        self._seen_below = 0
        self._seen_at: SeenKey | None = None
        self._scanned: dict[str, tuple[int, int]] = {}
        self._other_bytes = (0, 0)

    async def run(self) -> None:
        """Check again and again, until cancelled. While the database cannot be written, the pauses grow."""
        backoff = Backoff(first=CHECK_SECONDS, longest=_LONGEST_RETRY_SECONDS)
        while True:
            try:
                is_more = await self.step()
            except (StoreUnavailableError, OSError) as error:
                logger.warning("retention cannot delete anything now and will retry: %s", error)
                await asyncio.sleep(backoff.next())
            except Exception:
                logger.exception("retention failed and will retry")
                await asyncio.sleep(_LONGEST_RETRY_SECONDS)
            else:
                backoff.reset()
                await asyncio.sleep(0 if is_more else CHECK_SECONDS)

    async def step(self) -> bool:
        """Drop one segment, and delete some rows of each table; return whether more remains to be done.

        Raises:
            StoreUnavailableError: the database cannot be read or written.
            OSError: a file cannot be deleted.
        """
        drop = await self._store.read(self._next_drop)
        if drop is not None:
            await self._drop(drop)
        elif (drop := await self._store.read(self._next_batch)) is not None:
            await self._drop_batch(drop)
        deleted = [await self._delete_rows(table) for table in TABLES]
        is_seen_left = await self._delete_seen()
        return drop is not None or any(deleted) or is_seen_left

    def _next_drop(self, connection: sqlite3.Connection) -> Drop | None:
        indexed = segments(connection)
        now = self._now()
        estimate = estimated_bytes(self._store.directory, indexed)
        counted_at, others = self._other_bytes
        if now - counted_at >= SCAN_SECONDS * 1000:
            # Such as segments that were set aside as damaged.
            others = max(disk_bytes_of(self._store.directory) - estimate, 0)
            self._other_bytes = (now, others)
        return next_drop(indexed, sinks_of(connection), self._limits, used_bytes=estimate + others, now=now)

    def _next_batch(self, connection: sqlite3.Connection) -> Drop | None:
        """Return the oldest batch of the tail if it is too old: a quiet site fills a segment in weeks only."""
        if self._limits.max_age is None:
            return None
        oldest = oldest_batch(connection)
        return (
            None
            if oldest is None
            else next_drop(
                [oldest], sinks_of(connection), replace(self._limits, max_bytes=None), used_bytes=0, now=self._now()
            )
        )

    async def _drop(self, drop: Drop) -> None:
        await self._store.write(partial(_remove_segment, drop=drop, now=self._now()))
        await asyncio.to_thread(self._store.files.delete, drop.segment.last_offset)
        self._report(drop)

    async def _drop_batch(self, drop: Drop) -> None:
        def remove(connection: sqlite3.Connection) -> bool:
            if not is_oldest_batch(connection, drop.segment):
                # It was sealed, or has become a part of a larger one: the next step finds what is old now.
                return False
            state = self._store.state.load(connection)
            state.tail.sealed(connection, drop.segment.last_offset)
            state.save(connection)
            record_drop(connection, drop, self._now())
            return True

        if await self._store.write(remove):
            self._report(drop)

    def _report(self, drop: Drop) -> None:
        segment = drop.segment
        self._observer.dropped(segment.count, is_forwarded=drop.is_forwarded)
        logger.log(
            logging.INFO if drop.is_forwarded else logging.ERROR,
            "dropped %d readings (offsets %d to %d), %s: %s",
            segment.count,
            segment.first_offset,
            segment.last_offset,
            "which every sink has received" if drop.is_forwarded else "which a sink has not received yet",
            drop.reason,
        )

    async def _delete_rows(self, table: Table) -> bool:
        """Delete some rows of a table; return whether there may be more to delete."""
        now = self._now()
        newest = await self._store.read(partial(newest_id, table=table))
        scanned_id, scanned_at = self._scanned.get(table.name, (-1, 0))
        if newest == scanned_id and now - scanned_at < SCAN_SECONDS * 1000:
            return False
        cutoff = None if self._limits.max_age is None else now - self._limits.max_age
        ids = await self._store.read(partial(expired, table=table, cutoff=cutoff))
        if not ids:
            self._scanned[table.name] = (newest, now)
            return False
        unsent = await self._store.write(partial(delete, table=table, ids=ids))
        self._observer.deleted(table.name, len(ids))
        logger.info("deleted %d of the oldest rows of the table %s", len(ids), table.name)
        if unsent:
            self._observer.dropped_alerts(unsent)
            limits = f"the newest {table.max_rows}, in at most {table.max_bytes} bytes"
            logger.error("dropped %d alerts that a sink has not received yet: the store keeps %s", unsent, limits)
        return True

    async def _delete_seen(self) -> bool:
        """Delete some rows of dropped readings; return whether there may be more to delete."""
        oldest = await self._store.read(oldest_offset)
        if self._seen_at is None:
            if oldest == self._seen_below:
                return False
            self._seen_below, self._seen_at = oldest, SeenKey()
        step = await self._store.read(partial(expired_seen, after=self._seen_at, oldest_offset=self._seen_below))
        if step.expired:
            await self._store.write(partial(delete_seen, keys=step.expired, oldest_offset=self._seen_below))
        self._seen_at = step.next
        return step.next is not None


def _remove_segment(connection: sqlite3.Connection, drop: Drop, now: int) -> None:
    if has_segment(connection, drop.segment.last_offset):
        remove_segment(connection, drop.segment.last_offset)
        record_drop(connection, drop, now)
