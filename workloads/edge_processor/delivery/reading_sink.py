"""Delivers every stored reading to a destination, at least once: live as they are stored, older ones from the log."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge_processor.delivery.cursor_file import CursorFile
from edge_processor.delivery.destination import LaneName, Outcome, Sender
from edge_processor.delivery.exception_filter import ExceptionFilter
from edge_processor.delivery.forwarding import Rules
from edge_processor.delivery.lanes.backlog import LIVE_SECONDS, Backlog
from edge_processor.delivery.lanes.known_log import KnownLog
from edge_processor.delivery.lanes.lane import Lane, LaneOptions
from edge_processor.delivery.lanes.share import Share
from edge_processor.delivery.ledger import Entry, Ledger
from edge_service.store import StoreClient
from edge_service.waiting import set_within

MAX_WAITING_READINGS = 10_000
"""Number of live readings in memory beyond which new ones are left to the backlog."""

MAX_WAITING_BYTES = 8 * 1024 * 1024
MAX_RANGES = 1024
"""Beyond this number of ranges in the ledger, nothing is taken live: the backlog closes the gaps first."""

IDLE_CHECK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """How a sink delivers.

    Attributes:
        cursor: name of its cursor in the store.
        live: of the lane of new readings.
        backlog: of the lane of older readings.
        rules: which readings are forwarded; None for all.
        drain_seconds: maximum seconds that a shutdown waits for confirmations.
    """

    cursor: str
    live: LaneOptions
    backlog: LaneOptions
    rules: Rules | None = None
    drain_seconds: float = 5.0


class ReadingSink:
    """Delivers every stored reading: those that the ingester stores at once, all others from the store's log.

    Readings that the ingester stores are delivered live, in order. What the store has besides is the backlog: read from
    the log and delivered oldest first, beside the live readings. These are readings by HTTP, of an earlier ingester, of
    a time without a connection to the destination, or beyond the queue in memory. The cursor in the store has what is
    delivered.
    """

    def __init__(
        self,
        options: SinkOptions,
        connected: asyncio.Event,
        senders: Mapping[LaneName, Sender],
        store: StoreClient,
        token: int,
        landed: Callable[[Sequence[Entry], Outcome], None],
        ledger: Ledger | None = None,
        log_id: str = "",
    ) -> None:
        """Prepare.

        Args:
            options: of the sink.
            connected: set while the destination is connected.
            senders: to the destination.
            store: has the log and the cursor.
            token: of the ingester's lease.
            landed: called with each batch that is confirmed and with its outcome; must not raise.
            ledger: account of the sink; None for a new one.
            log_id: of the store's log; empty if the first answer of the store has it.
        """
        self._options = options
        self._connected = connected
        self._count = landed
        self.ledger = ledger or Ledger()
        self._live = Lane(senders["live"], options.live, self._landed)
        self._old = Lane(senders["backlog"], options.backlog, self._landed)
        self._share = Share(self._live, self._old)
        self._filters = (ExceptionFilter(options.rules), ExceptionFilter(options.rules)) if options.rules else None
        log = KnownLog(log_id)
        self._backlog = Backlog(store, log, self.ledger, self._old, self._put_old, self._may_read)
        self._cursor = CursorFile(options.cursor, store, self.ledger, token, log)
        self._is_full = False

    @property
    def waiting_readings(self) -> int:
        """Number of readings in memory that are not sent yet."""
        return self._live.waiting_readings + self._old.waiting_readings

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:  # noqa: ARG002 - they have their own sink
        """Deliver newly stored readings; what cannot be queued is left to the backlog.

        Args:
            entries: the readings, one or more.
            alerts: number of alerts about them.
        """
        if not self._connected.is_set():
            self._release()
        elif self._has_room():
            self._put_live(self.ledger.take_live(entries))
        self.ledger.settle(entries[-1][0])
        if self.ledger.has_gap:
            self._backlog.wake()

    def stored_elsewhere(self, newest_offset: int) -> None:
        """Deliver soon what the store has up to `newest_offset` and what did not pass through this ingester."""
        asyncio.get_running_loop().call_later(LIVE_SECONDS, self._settle, newest_offset)

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        try:
            async with asyncio.TaskGroup() as group:
                await self._cursor.load()
                group.create_task(self._backlog.watch())
                group.create_task(self._backlog.run())
                group.create_task(self._cursor.run())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def drained(self) -> None:
        """Wait until the live readings are delivered, then write the cursor; without a connection only write it."""
        if self._connected.is_set():
            self._backlog.stop()
            self._live.flush()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.drain_seconds):
                    await self._idle()
        await self._cursor.write()

    async def _idle(self) -> None:
        for lane in (self._live, self._old):
            while self._connected.is_set() and not lane.idle.is_set():
                await set_within(lane.idle, IDLE_CHECK_SECONDS)

    def _settle(self, newest_offset: int) -> None:
        self.ledger.settle(newest_offset)
        if self.ledger.has_gap:
            self._backlog.wake()

    def _put_live(self, entries: list[Entry]) -> None:
        if entries:
            self._live.put(self._filters[0].blank(entries) if self._filters else entries)

    def _put_old(self, entries: list[Entry]) -> None:
        if entries:
            self._old.put(self._filters[1].blank(entries) if self._filters else entries)

    def _release(self) -> None:
        """Leave what waits to the backlog: the destination is not connected."""
        for lane in (self._live, self._old):
            if lane.waiting_readings:
                self.ledger.release(lane.release())
                # What was compared with these readings may have been held back for their sake.
                for each in self._filters or ():
                    each.clear()

    async def _may_read(self) -> None:
        """Wait for a connection, unless the senders have nothing with which they could find one."""
        if self._live.in_flight_batches or self._old.in_flight_batches:
            await self._connected.wait()

    def _has_room(self) -> bool:
        """Return whether live readings may be queued; once they may not, until the queue is half empty.

        Otherwise a queue that is full for long would leave a gap at every batch.
        """
        share = 2 if self._is_full else 1
        self._is_full = (
            self._live.waiting_readings * share >= MAX_WAITING_READINGS
            or self._live.waiting_bytes * share >= MAX_WAITING_BYTES
            or len(self.ledger.taken.ranges) * share >= MAX_RANGES
        )
        return not self._is_full

    def _landed(self, batch: Sequence[Entry], outcome: Outcome) -> None:
        self._count(batch, outcome)
        self.ledger.confirm(batch)
