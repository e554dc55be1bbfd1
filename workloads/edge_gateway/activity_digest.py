"""Tells the site which devices were heard over HTTP: a digest a second, while there were any."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge_service.mqtt import MqttError
from edge_wire.messages import Activity

PAUSE_SECONDS = 1.0
SOURCE = "edge-gateway"

logger = logging.getLogger(__name__)


class ActivityDigest:
    """The devices heard since the last digest.

    Args:
        publish: sends the payload of a digest.
        alive: called with each device at once: this replica need not wait for the digest.
        clock: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        publish: Callable[[bytes], Awaitable[None]],
        alive: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._publish = publish
        self._alive = alive
        self._clock = clock
        self._last_heard: dict[str, float] = {}
        self._any = asyncio.Event()

    def note(self, device_id: str) -> None:
        """Note that a device was heard now."""
        self._last_heard[device_id] = self._clock()
        self._alive(device_id)
        self._any.set()

    async def run(self) -> None:
        """Send digests until cancelled; what cannot be sent goes into the next."""
        while True:
            await self._any.wait()
            await self.publish()
            await asyncio.sleep(PAUSE_SECONDS)

    async def publish(self) -> None:
        """Send a digest of what was heard since the last."""
        heard, self._last_heard = self._last_heard, {}
        self._any.clear()
        now = self._clock()
        ages = {device_id: round(now - when, 3) for device_id, when in heard.items()}
        # What comes by HTTP comes at once: nothing lay in a queue.
        for part in Activity(SOURCE, ages, queue_lag_seconds=0.0).parts():
            try:
                await self._publish(part.encode())
            except MqttError as error:
                logger.warning("cannot publish which devices sent data: %s", error)
                self._last_heard = {device_id: heard[device_id] for device_id in part.ages} | self._last_heard
                self._any.set()
