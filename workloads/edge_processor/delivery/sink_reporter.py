"""Publishes the state of the sinks outside the site in the processor's status."""

import asyncio
import datetime as dt
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge_processor.delivery.ledger import Ledger
from edge_processor.metrics import SinkMetrics
from edge_processor.status import StatusPublisher
from edge_service.mqtt import MqttSession
from edge_service.store import StoreClient
from edge_wire.messages import parse_timestamp
from edge_wire.messages.sinks import MAX_ERROR_CHARACTERS, SinkReport
from edge_wire.store import StoreError

CHECK_SECONDS = 0.5
"""Seconds between two checks of the connections."""

FIGURES_SECONDS = 30.0
"""Minimum seconds between two reports of which only figures differ, and between two requests for dead letters."""

MIN_CHANGE = 0.1
"""Share by which a figure must have changed to be reported."""

OLDEST_SECONDS = 10.0
"""Minimum seconds between two requests for the oldest pending reading."""

UNDER_WAY_SECONDS = 5.0
"""Readings that were stored within this time are under way, and not pending, if no older ones wait."""

logger = logging.getLogger(__name__)


class Reported(Protocol):
    """A sink that is reported."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def metrics(self) -> SinkMetrics:
        """Its metrics."""

    @property
    def is_connected(self) -> bool:
        """Whether the last attempt to reach the destination succeeded."""

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""

    @property
    def ledger(self) -> Ledger | None:
        """The account of its readings; None for a sink of alerts only."""

    @property
    def pending(self) -> int:
        """Number of readings, or of alerts for a sink of alerts only, that wait."""

    @property
    def oldest_alert(self) -> dt.datetime | None:
        """Time of the oldest alert that waits (UTC)."""


@dataclass(slots=True)
class SinkState:
    """What is reported of one sink.

    Attributes:
        sink: it.
        oldest_pending_time: when the site received the oldest pending reading or alert (UTC).
        dead_letters: number of its dead letters.
    """

    sink: Reported
    oldest_pending_time: dt.datetime | None = None
    dead_letters: int = 0
    _stored: deque[tuple[float, int]] = field(default_factory=deque, init=False)
    _asked_at: float = field(default=float("-inf"), init=False)

    def report(self, now: float) -> SinkReport:
        """Return the report at the time `now`, in seconds of the event loop's clock."""
        pending = self._pending(now)
        oldest = self.sink.oldest_alert if self.sink.ledger is None else self.oldest_pending_time
        figures = pending, oldest if pending else None, self.dead_letters
        # JSON has no surrogates: what a destination says must not prevent the status.
        error = self.sink.last_error[:MAX_ERROR_CHARACTERS].encode("utf-8", "replace").decode()
        return SinkReport(self.sink.name, self.sink.is_connected, *figures, error)

    async def ask(self, store: StoreClient, now: float) -> None:
        """Read the oldest pending reading from the store, at most each `OLDEST_SECONDS` and only if one is pending.

        Args:
            store: has the readings.
            now: the time in seconds of the event loop's clock.

        Raises:
            StoreError: the store is unavailable.
        """
        ledger = self.sink.ledger
        if ledger is None or not self._pending(now):
            self.oldest_pending_time = None
        elif now - self._asked_at >= OLDEST_SECONDS:
            self._asked_at = now
            page = await store.log(ledger.delivered.done, 1, 1)
            self.oldest_pending_time = parse_timestamp(page.lines[0][-26:-2].decode()) if page.lines else None

    def measure(self, now: dt.datetime) -> None:
        """Set the metric of the oldest pending reading or alert, at the time `now` (aware)."""
        oldest = self.sink.oldest_alert if self.sink.ledger is None else self.oldest_pending_time
        self.sink.metrics.oldest.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)

    def _pending(self, now: float) -> int:
        """Return the number of pending readings; 0 if all of them have just been stored."""
        ledger = self.sink.ledger
        if ledger is None:
            return self.sink.pending
        stored = self._stored
        if not stored or stored[-1][0] < now:
            stored.append((now, ledger.settled))
        while len(stored) > 1 and stored[1][0] <= now - UNDER_WAY_SECONDS:
            stored.popleft()
        at, offset = stored[0]
        if at > now - UNDER_WAY_SECONDS or not ledger.has_begun or not ledger.delivered.missing(offset):
            return 0
        return ledger.pending_readings


@dataclass(slots=True)
class SinkReporter:
    """Reports the sinks when a connection has changed, or figures have changed enough.

    Attributes:
        session: publishes.
        store: has the oldest pending readings and the dead letters.
        status: of the processor; the reports are a part of it.
        sinks: those outside the site.
    """

    session: MqttSession
    store: StoreClient
    status: StatusPublisher
    sinks: Sequence[Reported]

    async def run(self) -> None:
        """Report until cancelled."""
        loop, states = asyncio.get_running_loop(), [SinkState(sink) for sink in self.sinks]
        reported_at = counted_at = float("-inf")
        while True:
            now = loop.time()
            try:
                if states and now - counted_at >= FIGURES_SECONDS:
                    counted_at = now
                    await self._count(states)
                for state in states:
                    await state.ask(self.store, now)
            except StoreError as error:
                logger.debug("figures of the sinks are not known: %s", error)
            for state in states:
                state.measure(dt.datetime.now(dt.UTC))
            reports = [state.report(now) for state in states]
            if is_due(self.status.sinks, reports, now - reported_at):
                self.status.sinks, reported_at = reports, now
                # Without a connection, the next one publishes it.
                if self.session.connected.is_set():
                    await self.status.publish_online(self.session)
            await asyncio.sleep(CHECK_SECONDS)

    async def _count(self, states: Sequence[SinkState]) -> None:
        counts = (await self.store.dead_letter_counts()).sinks
        for state in states:
            state.dead_letters = counts.get(state.sink.name, 0)


def is_due(before: Sequence[SinkReport] | None, reports: Sequence[SinkReport], seconds: float) -> bool:
    """Return whether `reports` must be published, a number of `seconds` after the reports `before`.

    A change of a connection is reported at once, figures less often.
    """
    if before is None or [each.connected for each in before] != [each.connected for each in reports]:
        return True
    return seconds >= FIGURES_SECONDS and any(map(_is_moved, before, reports))


def _is_moved(before: SinkReport, report: SinkReport) -> bool:
    return (
        before.last_error != report.last_error
        or _is_other(before.pending, report.pending)
        or _is_other(before.dead_letters, report.dead_letters)
    )


def _is_other(before: int, count: int) -> bool:
    """Return whether a number has moved to or from zero, or by more than `MIN_CHANGE`."""
    return bool(before) != bool(count) or abs(count - before) > MIN_CHANGE * before
