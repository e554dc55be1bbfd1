"""Which sinks exist: the store keeps readings and alerts for them."""

import asyncio
import logging
from collections.abc import Sequence

from edge_pacing.backoff import Backoff
from edge_processor.delivery.errors import RETRY
from edge_service.store import StoreClient

logger = logging.getLogger(__name__)


class Declaration:
    """Declares the configured sinks to the store before any of them reads its cursor.

    The store begins the cursor of a new sink at the newest reading, and deletes the cursors of sinks that are not
    configured any more: retention does not wait for them.

    Attributes:
        done: set when the store has the list.
        log_id: the id of the store's log, which changes if its database is replaced; empty before `done`.
    """

    def __init__(self, readings: Sequence[str], alerts: Sequence[str], store: StoreClient, token: int) -> None:
        """Prepare.

        Args:
            readings: names of the sinks of readings.
            alerts: names of the sinks of alerts.
            store: gets the list.
            token: of the ingester's lease.
        """
        self._readings = readings
        self._alerts = alerts
        self._store = store
        self._token = token
        self.log_id = ""
        self.done = asyncio.Event()

    async def run(self) -> None:
        """Declare the sinks, however long the store is unavailable.

        Raises:
            FencedError: another replica is the ingester.
        """
        backoff = Backoff(first=0.1, longest=5.0)
        while not self.done.is_set():
            try:
                await self._store.declare_sinks(self._readings, self._alerts, token=self._token)
                self.log_id = (await self._store.log(0, 0, 1)).log_id
            except RETRY as error:
                logger.warning("the store does not have the list of sinks yet: %s", error)
                await asyncio.sleep(backoff.next())
            else:
                self.done.set()
