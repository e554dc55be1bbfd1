"""Keeps the cursor of a sink in the store."""

import asyncio
import logging

from edge_pacing.backoff import Backoff
from edge_processor.delivery.errors import RETRY
from edge_processor.delivery.lanes.known_log import KnownLog
from edge_processor.delivery.ledger import Ledger
from edge_service.store import StoreClient
from edge_wire.store import Cursor

WRITE_SECONDS = 1.0
"""Seconds between two writes: after a crash, readings of about this time are delivered again."""

logger = logging.getLogger(__name__)


class CursorFile:
    """The durable copy of a ledger.

    Args:
        name: of the cursor.
        store: has it.
        ledger: is copied.
        token: of the ingester's lease.
        log: has the offsets of the ledger.
    """

    def __init__(self, name: str, store: StoreClient, ledger: Ledger, token: int, log: KnownLog) -> None:
        self._name = name
        self._store = store
        self._ledger = ledger
        self._token = token
        self._log = log
        self._written = Cursor()

    async def load(self) -> None:
        """Start the ledger from the stored cursor; retry until the store answers.

        Raises:
            FencedError: the store has another database than before.
        """
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            try:
                stored = await self._store.cursor(self._name)
                page = await self._store.log(0, 0, 1)
            except RETRY as error:
                logger.warning("cannot read the cursor %s: %s", self._name, error)
                await asyncio.sleep(backoff.next())
                continue
            self._log.check(page)
            newest = page.newest_offset
            self._ledger.begin(stored, newest)
            self._written = stored or Cursor()
            logger.info("the cursor %s is at %d of %d", self._name, self._ledger.delivered.done, newest)
            return

    async def run(self) -> None:
        """Write the cursor each second if it has moved, until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write the cursor if it has moved; a failure is logged, and the next write has all.

        Raises:
            FencedError: another replica is the ingester.
        """
        delivered = self._ledger.delivered
        if not self._ledger.has_begun or delivered == self._written:
            return
        try:
            await self._store.put_cursor(self._name, delivered, token=self._token, log_id=self._log.log_id)
        except RETRY as error:
            logger.warning("cannot write the cursor %s: %s", self._name, error)
        else:
            self._written = delivered
