"""Reads from the store's log what a sink has not delivered and what does not come live."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge_pacing.backoff import Backoff
from edge_processor.delivery.errors import RETRY
from edge_processor.delivery.lanes.known_log import KnownLog
from edge_processor.delivery.lanes.lane import Lane
from edge_processor.delivery.ledger import Entry, Ledger
from edge_service.store import StoreClient

POLL_SECONDS = 2.0
"""Seconds between two requests for the newest offset, in case a notification of the store was lost."""

LIVE_SECONDS = 0.1
"""Seconds within which a reading that the ingester stores comes live after the store has it."""

PAGE_READINGS = 2000
"""Maximum number of readings in a request."""

PAGE_BYTES = 1024 * 1024

MayRead = Callable[[], Awaitable[None]]

logger = logging.getLogger(__name__)


class Backlog:
    """Fills the gaps of a ledger, oldest first.

    While the destination is not connected, at most one page is read: the sender retries with it, and the rest waits in
    the store.
    """

    def __init__(
        self,
        store: StoreClient,
        log: KnownLog,
        ledger: Ledger,
        lane: Lane,
        put: Callable[[list[Entry]], None],
        may_read: MayRead,
    ) -> None:
        """Prepare.

        Args:
            store: has the log.
            log: that the store must have.
            ledger: of the sink.
            lane: delivers what is read.
            put: called with readings for the lane.
            may_read: awaited before a page is read.
        """
        self._store = store
        self._log = log
        self._ledger = ledger
        self._lane = lane
        self._put = put
        self._may_read = may_read
        self._wake = asyncio.Event()
        self._is_stopped = False

    def wake(self) -> None:
        """Look for gaps now."""
        self._wake.set()

    def stop(self) -> None:
        """Deliver nothing more but what is in flight: the next ingester reads the rest."""
        self._is_stopped = True
        self._lane.release()

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            FencedError: the store has another database than before.
        """
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while await self._read_some():
                    backoff.reset()
            except RETRY as error:
                logger.warning("readings that are not delivered wait for the store: %s", error)
                await asyncio.sleep(backoff.next())
                self._wake.set()

    async def watch(self) -> None:
        """Ask for the newest offset until cancelled.

        Raises:
            FencedError: the store has another database than before.
        """
        while True:
            try:
                await self._ask()
            except RETRY as error:
                logger.debug("the newest offset is not known: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    async def _ask(self) -> None:
        before = max(self._ledger.settled, self._ledger.delivered.highest)
        page = await self._store.log(0, 0, 1)
        self._log.check(page, before)
        newest = page.newest_offset
        if newest > self._ledger.settled:
            await asyncio.sleep(LIVE_SECONDS)
            self._ledger.settle(newest)
        self.wake()

    async def _read_some(self) -> bool:
        """Read the oldest gap; return whether there may be another one."""
        await self._lane.low.wait()
        await self._may_read()
        gap = None if self._is_stopped else self._ledger.gap(PAGE_READINGS)
        if gap is None:
            return False
        first, last = gap
        page = await self._store.log(first - 1, last - first + 1, PAGE_BYTES)
        self._log.check(page)
        if page.newest_offset < first:
            return False
        entries = self._ledger.take_page(first, page)
        if not self._is_stopped:
            self._put(entries)
        return True
