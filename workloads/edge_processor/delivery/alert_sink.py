"""Delivers the site's alerts to a destination, at least once and in order."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge_pacing.backoff import Backoff
from edge_processor.delivery.dead_letters import DeadLetters, letter_of_alert
from edge_processor.delivery.destination import AlertDestination, AlertsRefusedError, DeliveryError
from edge_processor.delivery.errors import RETRY
from edge_processor.delivery.ledger import Entry
from edge_service.store import StoreClient
from edge_service.waiting import set_within
from edge_wire.messages import parse_timestamp
from edge_wire.store import OutboxAlert

POLL_SECONDS = 2.0
"""Seconds between two reads if nothing was stored: an earlier ingester may have left alerts."""

MIN_PAUSE_SECONDS = 0.1
"""Minimum seconds between two reads, however much is stored."""

ELSEWHERE_SECONDS = 0.5
"""Seconds until the store is read after readings were stored that did not pass through the ingester."""

MAX_ALERTS = 100
"""Maximum number of alerts in a batch."""

LONGEST_WAIT_SECONDS = 5.0
"""Maximum seconds between two attempts if the destination asks for no longer pause."""

DRAIN_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class AlertSink:
    """Reads alerts from the store after the sink's cursor, and moves the cursor when they are confirmed.

    Attributes:
        name: of the sink and of its cursor.
        destination: receives the alerts.
        store: has the alerts and the cursor.
        token: of the ingester's lease.
        delivered: called with the number of alerts of a batch that are confirmed.
        rejected: called with the number of alerts of a batch that are dead letters now.
        log_id: of the store's log: the alerts of another database have other ids.
        pending: number of alerts that wait.
        oldest_pending: time of the oldest alert that waits (UTC); None if none waits.
    """

    name: str
    destination: AlertDestination
    store: StoreClient
    token: int
    delivered: Callable[[int], None]
    rejected: Callable[[int], None]
    log_id: str
    pending: int = field(default=0, init=False)
    oldest_pending: dt.datetime | None = field(default=None, init=False)
    _after: int = field(default=0, init=False)
    _written: int = field(default=0, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _last_failure: str = field(default="", init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _idle: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        """There is nothing to send yet."""
        self._idle.set()

    def stored(self, entries: Sequence[Entry], alerts: int) -> None:  # noqa: ARG002 - the store has the alerts
        """Read the store soon if the number of `alerts` about the readings is not 0."""
        if alerts:
            self._idle.clear()
            self._wake.set()

    def stored_elsewhere(self, newest_offset: int) -> None:  # noqa: ARG002 - alerts have no offsets
        """Read the store soon: there may be alerts about these readings."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(ELSEWHERE_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            FencedError: another replica is the ingester.
        """
        await self._load()
        backoff = Backoff(first=0.2, longest=LONGEST_WAIT_SECONDS)
        while True:
            self._wake.clear()
            failure = await self._send_all()
            if failure is None:
                backoff.reset()
                if not self._wake.is_set():
                    self._idle.set()
                await asyncio.sleep(MIN_PAUSE_SECONDS)
                await set_within(self._wake, POLL_SECONDS)
            else:
                self._idle.set()
                await self._pause(backoff.next(), failure)

    async def drained(self) -> None:
        """Wait until the alerts are delivered, while the destination is connected."""
        if self.destination.connected.is_set():
            await set_within(self._idle, DRAIN_SECONDS)

    async def _send_all(self) -> Exception | None:
        """Deliver all alerts that wait; return why that failed."""
        try:
            while await self._send_some():
                pass
        except (*RETRY, DeliveryError) as error:
            level = logging.DEBUG if str(error) == self._last_failure else logging.WARNING
            logger.log(level, "alerts for %s wait: %s", self.name, error)
            self._last_failure = str(error)
            return error
        self._last_failure = ""
        return None

    async def _pause(self, seconds: float, failure: Exception) -> None:
        """Wait after a failure: as long as the destination asks for, else until there is a connection again."""
        asked = failure.retry_after_seconds if isinstance(failure, DeliveryError) else None
        if asked is not None:
            await asyncio.sleep(max(seconds, asked))
        elif self.destination.connected.is_set():
            await asyncio.sleep(seconds)
        else:
            await set_within(self.destination.connected, seconds)

    async def _load(self) -> None:
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            try:
                self._after = self._written = await self.store.alert_cursor(self.name) or 0
            except RETRY as error:
                logger.warning("cannot read the cursor of alerts of %s: %s", self.name, error)
                await asyncio.sleep(backoff.next())
            else:
                return

    async def _send_some(self) -> bool:
        """Deliver the oldest alerts; return whether there may be more.

        Raises:
            FencedError: another replica is the ingester.
            StoreUnavailableError: the store is unavailable; delivered alerts may be delivered again.
            StoreRefusedError: the store rejects the request.
            DeliveryError: the destination did not confirm.
        """
        if self._after != self._written:
            await self._write()
        waiting, newest = await self.store.alerts_log(self._after, MAX_ALERTS)
        self._note(waiting, newest)
        if not waiting:
            return False
        refused: Sequence[tuple[int, str]] = ()
        try:
            await self.destination.send_alerts(waiting)
        except AlertsRefusedError as error:
            refused = error.refused
            await self._keep(waiting, refused)
        self.delivered(len(waiting) - len(refused))
        self._after = waiting[-1].id
        self._note((), newest)
        await self._write()
        return len(waiting) == MAX_ALERTS

    async def _write(self) -> None:
        await self.store.put_alert_cursor(self.name, self._after, self.token, self.log_id)
        self._written = self._after

    async def _keep(self, waiting: Sequence[OutboxAlert], refused: Sequence[tuple[int, str]]) -> None:
        letters = [letter_of_alert(waiting[at].alert, why) for at, why in refused]
        await DeadLetters(self.name, self.store, self.token).add(letters)
        self.rejected(len(letters))

    def _note(self, waiting: Sequence[OutboxAlert], newest: int) -> None:
        self.pending = max(0, newest - self._after)
        self.oldest_pending = parse_timestamp(waiting[0].alert.get("timestamp")) if waiting else None
