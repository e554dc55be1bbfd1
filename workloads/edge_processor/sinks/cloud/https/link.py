"""The state of the link to the server, which all lanes share: during an outage only one of them tries."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.http.errors import ConnectionFailedError
from edge_processor.sinks.http.pauses import Pauses

Result = TypeVar("Result")

OTHER_LANE_SECONDS = 5.0
"""If another lane succeeded within these seconds, the failure of a lane concerns only itself."""

NEVER = float("-inf")
"""A time, in seconds, before all others."""

PROBE = "probe"
"""Name of the lane of the requests without lines."""

READING_LANES = frozenset({"live", "backlog"})
"""Names of the lanes of readings."""

logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class LaneState:
    """What the link keeps of one lane. All times are seconds of the loop's clock.

    Attributes:
        name: of the lane.
        pauses: of this lane alone.
        succeeded_at: when its last attempt succeeded; negative infinity if it failed.
        failed_at: when its last attempt failed; negative infinity if it succeeded.
        not_before: when its next attempt is due, if only this lane fails; in seconds of that clock.
        error: why only this lane fails; empty if it does not.
    """

    name: str
    pauses: Pauses
    succeeded_at: float = NEVER
    failed_at: float = NEVER
    not_before: float = 0.0
    error: str = ""

    @property
    def is_probe(self) -> bool:
        """Whether its requests have no lines."""
        return self.name == PROBE

    @property
    def has_readings(self) -> bool:
        """Whether its requests have readings."""
        return self.name in READING_LANES


@dataclass(eq=False)
class Link:
    """Lets lanes attempt requests, and waits between attempts that fail.

    Attributes:
        sync_interval: maximum seconds between two attempts.
        on_down: called when the server cannot be used: connections are opened again.
        connected: set while the last attempt succeeded.
        waiting_attempts: number of attempts that run or wait, but for those that wait for a pause of their own lane.
        last_attempt_at: when the last attempt ended, in seconds of the loop's clock.
    """

    sync_interval: float
    on_down: Callable[[], None]
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    waiting_attempts: int = 0
    last_attempt_at: float = 0.0
    _error: str = ""
    _not_before: float = 0.0
    _lanes: list[LaneState] = field(default_factory=list)
    _probing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Start without a failure."""
        self._pauses = Pauses(self.sync_interval)

    def lane(self, name: str) -> LaneState:
        """Return the state of a new lane."""
        state = LaneState(name, Pauses(self.sync_interval))
        self._lanes.append(state)
        return state

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return self._error or next((each.error for each in self._lanes if each.error), "")

    @property
    def is_doubtful(self) -> bool:
        """Whether a lane failed after the last success of all others."""
        return max(each.failed_at for each in self._lanes) > max(each.succeeded_at for each in self._lanes)

    def seconds_until_allowed(self, lane: LaneState) -> float:
        """Return the seconds until the next attempt of a lane; 0 if it may begin."""
        now = asyncio.get_running_loop().time()
        return max(lane.not_before - now, 0.0 if self.connected.is_set() else self._not_before - now, 0.0)

    def retry_now(self) -> None:
        """End all pauses: the credentials have changed."""
        self._not_before = 0.0
        self._pauses.reset()
        for lane in self._lanes:
            lane.not_before = 0.0
            lane.pauses.reset()
        self._notify()

    async def attempt(self, lane: LaneState, request: Callable[[], Awaitable[Result]]) -> Result:
        """Attempt `request` when it is due; return its result.

        Raises:
            DeliveryError: it failed.
        """
        await self._pause(lambda: lane.not_before)
        self.waiting_attempts += 1
        try:
            if not self.connected.is_set():
                async with self._probing:
                    await self._pause(lambda: 0.0 if self.connected.is_set() else self._not_before)
                    if not self.connected.is_set():
                        return await self._attempt(lane, request)
            return await self._attempt(lane, request)
        finally:
            self.waiting_attempts -= 1

    async def _attempt(self, lane: LaneState, request: Callable[[], Awaitable[Result]]) -> Result:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            result = await request()
        except DeliveryError as failure:
            self.last_attempt_at = loop.time()
            self._note_failure(lane, failure, started, loop.time())
            raise
        self.last_attempt_at = loop.time()
        self._note_success(lane, loop.time())
        return result

    def _note_success(self, lane: LaneState, now: float) -> None:
        lane.succeeded_at, lane.failed_at, lane.not_before, lane.error = now, NEVER, 0.0, ""
        lane.pauses.reset()
        self._pauses.reset()
        if not self.connected.is_set():
            logger.info("the cloud is connected")
            self._error = ""
            self.connected.set()
            self._notify()

    def _note_failure(self, lane: LaneState, failure: DeliveryError, started: float, now: float) -> None:
        error = str(failure)
        is_alone = _others_succeed(lane, self._lanes, now)
        lane.succeeded_at, lane.failed_at = NEVER, now
        if is_alone:
            lane.not_before = lane.pauses.until(failure, started, now)
            if error != lane.error:
                logger.warning("the cloud does not accept the lane %s: %s", lane.name, error)
            lane.error = error
            return
        self._not_before = self._pauses.until(failure, started, now)
        if error != self._error:
            logger.warning("the cloud is not connected: %s", error)
        self._error, lane.error = error, ""
        self.connected.clear()
        if isinstance(failure, ConnectionFailedError):
            self.on_down()

    async def _pause(self, until: Callable[[], float]) -> None:
        """Wait until a moment that may change meanwhile, in seconds of the loop's clock."""
        loop = asyncio.get_running_loop()
        while (moment := until()) > loop.time():
            try:
                async with asyncio.timeout_at(moment):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _others_succeed(lane: LaneState, lanes: Sequence[LaneState], now: float) -> bool:
    """Return whether only this lane fails: another one succeeded lately, or at least after this one failed before."""
    recently = now - OTHER_LANE_SECONDS
    since = recently if lane.failed_at == NEVER else min(lane.failed_at, recently)
    # Requests without lines show that the server can be used; not that it takes readings.
    others = (each for each in lanes if each is not lane and not (each.is_probe and lane.has_readings))
    return any(each.succeeded_at > since for each in others)
