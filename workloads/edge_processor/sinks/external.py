"""A sink to a destination outside the site: its readings, its alerts, its dead letters, its connection."""

import asyncio
import datetime as dt
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from edge_processor.delivery.alert_sink import AlertSink
from edge_processor.delivery.dead_letters import DeadLetters, Rejections
from edge_processor.delivery.destination import AlertDestination, Destination, LaneName, Outcome, Sender
from edge_processor.delivery.ledger import Entry, Ledger
from edge_processor.delivery.reading_sink import ReadingSink, SinkOptions
from edge_processor.delivery.resends import Resends
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.declaration import Declaration
from edge_processor.sinks.supervised import SupervisedDestination
from edge_processor.sinks.unusable import UnusableDestination
from edge_processor.supervised import supervised
from edge_service.store import StoreClient

logger = logging.getLogger(__name__)


class ReadingDestination(Destination, AlertDestination, Protocol):
    """A destination of readings and alerts."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a sink delivers to.

    Attributes:
        name: of the sink and of its cursors.
        connect: returns the destination, given the id of the store's log; raises an error if its settings cannot be
            used.
        options: how readings are delivered; None for a sink of alerts only. With them, the destination is one of
            readings and of alerts.
    """

    name: str
    connect: Callable[[str], AlertDestination]
    options: SinkOptions | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a sink has when the store's log is known.

    Attributes:
        destination: of the sink.
        readings: delivers readings; None for a sink of alerts only.
        alerts: delivers alerts.
        rejections: keeps what is rejected.
        resends: delivers dead letters again.
    """

    destination: SupervisedDestination
    readings: ReadingSink | None
    alerts: AlertSink
    rejections: Rejections
    resends: Resends

    async def run(self) -> None:
        others: Mapping[str, AlertSink | Rejections | Resends] = {
            "alerts": self.alerts,
            "rejected messages": self.rejections,
            "dead letters": self.resends,
        }
        async with asyncio.TaskGroup() as group:
            group.create_task(self.destination.run())
            if self.readings is not None:
                # Not started again: its lanes have what is under way.
                group.create_task(self.readings.run())
            for what, part in others.items():
                group.create_task(supervised(f"the task for {what} of the sink {self.alerts.name}", part.run))


class ExternalSink:
    """Delivers stored readings and alerts to one destination, and keeps what it rejects as dead letters.

    It begins when the store has the list of sinks. Until then readings wait in the store.

    Attributes:
        name: of the sink.
        ledger: account of the readings; None for a sink of alerts only.
        metrics: of the sink.
    """

    def __init__(
        self, target: Target, declaration: Declaration, store: StoreClient, token: int, metrics: ProcessorMetrics
    ) -> None:
        self.name = target.name
        self.ledger = Ledger() if target.options is not None else None
        self.metrics = metrics.sink(self.name)
        self._target = target
        self._declaration = declaration
        self._store = store
        self._token = token
        self._parts: _Parts | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the last attempt to reach the destination succeeded."""
        return self._parts is not None and self._parts.destination.is_connected

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return "not connected yet" if self._parts is None else self._parts.destination.last_error

    @property
    def pending(self) -> int:
        """Number of readings, or of alerts for a sink of alerts only, that wait."""
        if self.ledger is not None:
            return self.ledger.pending_readings
        return self._parts.alerts.pending if self._parts else 0

    @property
    def oldest_alert(self) -> dt.datetime | None:
        """Time of the oldest alert that waits (UTC)."""
        return self._parts.alerts.oldest_pending if self._parts else None

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:
        """Deliver newly stored readings; `alerts` is the number of alerts about them."""
        if self._parts is None:
            if self.ledger is not None:
                self.ledger.settle(entries[-1][0])
            return
        if self._parts.readings is not None:
            self._parts.readings.stored(entries, alerts)
        self._parts.alerts.stored(entries, alerts)

    def stored_elsewhere(self, newest_offset: int) -> None:
        """Deliver soon what the store has up to `newest_offset`."""
        if self._parts is None:
            return
        if self._parts.readings is not None:
            self._parts.readings.stored_elsewhere(newest_offset)
        self._parts.alerts.stored_elsewhere(newest_offset)

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        self.metrics.connected.set_function(lambda: self.is_connected)
        self.metrics.pending.set_function(lambda: self.pending)
        try:
            await self._declaration.done.wait()
            self._parts = self._build()
            await self._parts.run()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            self.metrics.connected.set_function(lambda: 0)
            self.metrics.pending.set_function(lambda: math.nan)

    async def drained(self) -> None:
        """Wait until live readings and alerts are delivered, while the destination is connected."""
        if self._parts is not None:
            parts = (self._parts.readings, self._parts.alerts)
            await asyncio.gather(*(part.drained() for part in parts if part is not None))

    def _build(self) -> _Parts:
        destination, log_id = self._connect(), self._declaration.log_id
        letters = DeadLetters(self.name, self._store, self._token)
        rejections = Rejections(letters)
        readings: ReadingSink | None = None
        backlog: Sender | None = None
        if self._target.options is not None and self.ledger is not None:
            both = cast("ReadingDestination", destination)
            live, backlog = both.sender("live"), both.sender("backlog")
            senders: Mapping[LaneName, Sender] = {
                "live": rejections.sender(live),
                "backlog": rejections.sender(backlog),
            }
            connected, given = destination.connected, (self._store, self._token, self._count, self.ledger, log_id)
            readings = ReadingSink(self._target.options, connected, senders, *given)
        counted = self.metrics.alerts.inc, self.metrics.rejected.inc
        alerts = AlertSink(self.name, destination, self._store, self._token, *counted, log_id)
        resends = Resends(letters, destination.connected, backlog, destination)
        return _Parts(SupervisedDestination(self.name, destination), readings, alerts, rejections, resends)

    def _connect(self) -> AlertDestination:
        try:
            return self._target.connect(self._declaration.log_id)
        except Exception as error:  # noqa: BLE001 - one sink must not end the others, nor the ingest
            problem = str(error) or repr(error)
            logger.error("what the sink %s should get waits in the store: %s", self.name, problem)  # noqa: TRY400
            return UnusableDestination(problem)

    def _count(self, batch: Sequence[Entry], outcome: Outcome) -> None:
        refused = len(outcome.refused)
        self.metrics.rejected.inc(refused)
        self.metrics.delivered.inc(sum([1 for _, line in batch if line]) - refused)
