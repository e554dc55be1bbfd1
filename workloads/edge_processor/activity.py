"""Publishes on `edge/activity` which devices sent messages, and answers requests for all last arrivals."""

import asyncio
import datetime as dt
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from edge_pacing.backoff import Backoff
from edge_processor.lag import MIN_QUEUED_SECONDS, QueueLag
from edge_processor.metrics import ProcessorMetrics
from edge_service.mqtt import MqttError, MqttSession, PublishRefusedError
from edge_service.store import StoreClient
from edge_wire import topics
from edge_wire.messages import PROCESSOR, Activity, parse_timestamp
from edge_wire.store import StoreError

DIGEST_SECONDS = 1.0
MAX_ANSWER_PAUSE_SECONDS = 10.0
"""Maximum pause between two attempts to answer; after a success the pause is at most `DIGEST_SECONDS`."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ActivityPublisher:
    """Publishes a digest each second if messages arrived, or if messages wait in the broker's queue.

    All times are seconds of the event loop's clock.

    Attributes:
        session: publishes the digests.
        store: has the last arrival of every device.
        metrics: show the lag.
        is_idle: returns whether all received messages are stored.
    """

    session: MqttSession
    store: StoreClient
    metrics: ProcessorMetrics
    is_idle: Callable[[], bool]
    _arrivals: dict[str, float] = field(default_factory=dict, init=False)
    _lag: QueueLag = field(default_factory=QueueLag, init=False)
    _markers_allowed: bool = field(default=True, init=False)
    _catch_up_since: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC), init=False)
    _caught_up: dt.datetime | None = field(default=None, init=False)
    _asked: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def messages_received(self, arrivals: Mapping[str, float]) -> None:
        """Record `arrivals`, times of messages by their device in seconds of the event loop's clock."""
        self._arrivals.update(arrivals)

    def asked(self) -> None:
        """Record a request for all last arrivals; requests until the answer share it."""
        self._asked.set()

    def marker_returned(self, payload: bytes, now: float) -> None:
        """Handle a marker that came back through the broker's queue."""
        self._lag.returned(payload, now)
        if self._caught_up is None and self._lag.seconds(now) is not None:
            self._caught_up = dt.datetime.now(dt.UTC)

    def queued_ms(self, now: float) -> int:
        """Return the milliseconds that a message read `now` (seconds of the loop) waited in the broker's queue.

        0 if that is less than `MIN_QUEUED_SECONDS`, or unknown, as it is for all messages that were in the queue when
        this process connected.
        """
        lag = self._lag.seconds(now)
        return 0 if lag is None or lag < MIN_QUEUED_SECONDS else int(lag * 1000)

    def restart(self) -> None:
        """Restart the measurement: the connection has ended, or there is a new one."""
        self._lag.restart()
        self._markers_allowed = True
        if self._caught_up is not None:
            # The first messages of a connection arrive before `on_connected` is called.
            self._catch_up_since, self._caught_up = dt.datetime.now(dt.UTC), None

    async def run(self) -> None:
        """Publish digests and answers until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._digests())
            group.create_task(self._answers())

    async def _digests(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(DIGEST_SECONDS)
            await self.session.connected.wait()
            try:
                await self._digest(loop.time())
                await self._mark(loop.time())
            except MqttError as error:
                logger.warning("cannot publish the activity digest: %s", error)

    async def _mark(self, now: float) -> None:
        """Publish a marker, which passes through the queue.

        Raises:
            NotConnectedError: there is no connection to the broker.
        """
        if not self._markers_allowed:
            return
        try:
            await self.session.publish(topics.ACTIVITY_MARKER, self._lag.marker(now))
        except PublishRefusedError as error:
            self._markers_allowed = False
            logger.warning("the lag of the queue is unknown: cannot publish %s: %s", topics.ACTIVITY_MARKER, error)

    async def _digest(self, now: float) -> None:
        """Publish the digest since the last one; an empty one only while messages may wait in the queue.

        Raises:
            MqttError: it was not published; its devices are in the next one.
        """
        lag = self._lag.pop_interval(now)
        self.metrics.queue_lag.set(math.nan if lag is None else lag)
        arrivals, self._arrivals = self._arrivals, {}
        if not arrivals and not self._is_behind(lag):
            return
        ages = {device_id: round(now - arrived, 3) for device_id, arrived in arrivals.items()}
        try:
            await self._publish(Activity(PROCESSOR, ages, queue_lag_seconds=lag))
        except MqttError:
            self._arrivals = arrivals | self._arrivals
            self._lag.restore(lag)
            raise

    def _is_behind(self, lag: float | None) -> bool:
        """Return whether messages may wait in the broker's queue.

        Without markers, the queue is assumed to hold messages while received ones wait for the store.
        """
        return lag is None or lag > DIGEST_SECONDS if self._markers_allowed else not self.is_idle()

    async def _answers(self) -> None:
        backoff = Backoff(first=DIGEST_SECONDS, longest=MAX_ANSWER_PAUSE_SECONDS)
        while True:
            await self._asked.wait()
            await self.session.connected.wait()
            self._asked.clear()
            try:
                is_whole = await self._answer()
            except MqttError as error:
                logger.warning("cannot publish last arrival times; retrying: %s", error)
                is_whole = False
            if is_whole:
                backoff.reset()
            else:
                self._asked.set()
            await asyncio.sleep(backoff.next())

    async def _answer(self) -> bool:
        """Publish the last arrivals of all devices, an empty reply if they are unknown; return whether they are known.

        Raises:
            MqttError: it was not published.
        """
        ages: dict[str, float] | None = None
        try:
            ages = await self._ages()
        except StoreError as error:
            logger.warning("cannot read last arrival times from the store; retrying: %s", error)
        lag = self._lag.seconds(asyncio.get_running_loop().time())
        if lag is None and self._markers_allowed:
            ages = None
        await self._publish(Activity(PROCESSOR, ages or {}, queue_lag_seconds=lag, is_reply=True))
        return ages is not None

    async def _ages(self) -> dict[str, float]:
        """Return the seconds since the last arrival of each device.

        Devices with a last arrival during the catch-up are omitted: their messages waited in the queue for an unknown
        time.

        Raises:
            StoreError: the store is unavailable.
        """
        arrivals = (await self.store.arrivals())["arrivals"]
        now = dt.datetime.now(dt.UTC)
        begun, caught_up = self._catch_up_since, self._caught_up or now
        times = {device_id: parse_timestamp(arrived) for device_id, arrived in arrivals.items()}
        return {
            device_id: max(0.0, round((now - at).total_seconds(), 3))
            for device_id, at in times.items()
            if at is not None and not begun <= at <= caught_up
        }

    async def _publish(self, activity: Activity) -> None:
        for part in activity.parts():
            await self.session.publish(topics.ACTIVITY, replace(part).encode())
