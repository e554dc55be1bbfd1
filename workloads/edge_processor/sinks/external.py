"""A sink to a destination outside the site: its readings, its alerts, its dead letters, its connection."""

import asyncio
import datetime as dt
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_pacing.backoff import Backoff
from edge_processor.delivery.alert_sink import AlertSink
from edge_processor.delivery.dead_letters import DeadLetters, Rejections
from edge_processor.delivery.destination import (
    AlertDestination,
    Connection,
    Destination,
    LaneName,
    Outcome,
    Sender,
)
from edge_processor.delivery.ledger import Entry, Ledger
from edge_processor.delivery.reading_sink import ReadingSink, SinkOptions
from edge_processor.delivery.resends import Resends
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.declaration import Declaration
from edge_service.store import StoreClient
from edge_wire.store import FencedError

FIRST_RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """What a sink delivers to.

    Attributes:
        name: of the sink and of its cursors.
        readings: receives readings; None for a sink of alerts only.
        alerts: receives alerts; often the same object.
        options: how readings are delivered; None for a sink of alerts only.
    """

    name: str
    readings: Destination | None
    alerts: AlertDestination
    options: SinkOptions | None = None


class ExternalSink:
    """Delivers stored readings and alerts to one destination, and keeps what it rejects as dead letters.

    Attributes:
        name: of the sink.
        ledger: account of the readings; None for a sink of alerts only.
        metrics: of the sink.
    """

    def __init__(
        self, target: Target, declaration: Declaration, store: StoreClient, token: int, metrics: ProcessorMetrics
    ) -> None:
        self.name = target.name
        self._connection: Connection = target.alerts
        self._run_destination = target.alerts.run
        self._declaration = declaration
        self.metrics = metrics.sink(self.name)
        self._problem = ""
        letters = DeadLetters(self.name, store, token)
        self._rejections = Rejections(letters)
        self._readings: ReadingSink | None = None
        backlog: Sender | None = None
        if target.readings is not None and target.options is not None:
            live, backlog = target.readings.sender("live"), target.readings.sender("backlog")
            senders: Mapping[LaneName, Sender] = {
                "live": self._rejections.sender(live),
                "backlog": self._rejections.sender(backlog),
            }
            connected = target.readings.connected
            self._readings = ReadingSink(target.options, connected, senders, store, token, self._count)
        self.ledger: Ledger | None = self._readings.ledger if self._readings else None
        counted = self.metrics.alerts.inc, self.metrics.rejected.inc
        self._alerts = AlertSink(self.name, target.alerts, store, token, *counted)
        self._resends = Resends(letters, target.alerts.connected, backlog, target.alerts)

    @property
    def is_connected(self) -> bool:
        """Whether the last attempt to reach the destination succeeded."""
        return self._connection.connected.is_set()

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return "" if self.is_connected else self._problem or self._connection.last_error

    @property
    def pending(self) -> int:
        """Number of readings, or of alerts for a sink of alerts only, that wait."""
        return self._alerts.pending if self.ledger is None else self.ledger.pending_readings

    @property
    def oldest_alert(self) -> dt.datetime | None:
        """Time of the oldest alert that waits (UTC)."""
        return self._alerts.oldest_pending

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:
        """Deliver newly stored readings, and alerts about them."""
        if self._readings is not None:
            if self._declaration.done.is_set():
                self._readings.stored(entries, alerts)
            else:
                self._readings.stored_elsewhere(entries[-1][0])
        self._alerts.stored(entries, alerts)

    def stored_elsewhere(self, newest_offset: int) -> None:
        """Deliver soon what the store has up to `newest_offset`."""
        if self._readings is not None:
            self._readings.stored_elsewhere(newest_offset)
        self._alerts.stored_elsewhere(newest_offset)

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        self.metrics.connected.set_function(lambda: self.is_connected)
        self.metrics.pending.set_function(lambda: self.pending)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stay_connected())
                await self._declaration.done.wait()
                if self._readings is not None:
                    group.create_task(self._readings.run())
                group.create_task(self._rejections.run())
                group.create_task(self._alerts.run())
                group.create_task(self._resends.run())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            self.metrics.connected.set_function(lambda: 0)
            self.metrics.pending.set_function(lambda: math.nan)

    async def drained(self) -> None:
        """Wait until live readings and alerts are delivered, while the destination is connected."""
        if not self._declaration.done.is_set():
            return
        if self._readings is None:
            await self._alerts.drained()
        else:
            await asyncio.gather(self._readings.drained(), self._alerts.drained())

    async def _stay_connected(self) -> None:
        """Run the destination; if it fails, start it again.

        Raises:
            FencedError: another replica is the ingester.
        """
        backoff = Backoff(FIRST_RESTART_SECONDS, LONGEST_RESTART_SECONDS)
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                return await self._run_destination()
            except FencedError:
                raise
            except Exception as error:
                logger.exception("the connection of the sink %s failed and is started again", self.name)
                self._problem = f"internal error: {error!r}"
                self._connection.connected.clear()
            if loop.time() - began > LONGEST_RESTART_SECONDS:
                backoff.reset()
            await asyncio.sleep(backoff.next())
            self._problem = ""

    def _count(self, batch: Sequence[Entry], outcome: Outcome) -> None:
        refused = len(outcome.refused)
        self.metrics.rejected.inc(refused)
        self.metrics.delivered.inc(sum([1 for _, line in batch if line]) - refused)
