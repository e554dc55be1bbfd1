"""Publishes which devices sent HTTP requests: one digest a second, if there were any."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from edge_service.mqtt import MqttError
from edge_wire.messages import Activity

PAUSE_SECONDS = 1.0
SOURCE = "edge-gateway"

logger = logging.getLogger(__name__)


class ActivityDigest:
    """The devices that sent requests since the last digest.

    Args:
        publish: sends the payload of a digest.
        on_message: called immediately with each device: this replica need not wait for the digest.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        publish: Callable[[bytes], Awaitable[None]],
        on_message: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._publish = publish
        self._on_message = on_message
        self._clock = clock
        self._arrivals: dict[str, float] = {}
        self._any = asyncio.Event()

    def note(self, device_id: str) -> None:
        """Record a request of a device, now."""
        self._arrivals[device_id] = self._clock()
        self._on_message(device_id)
        self._any.set()

    async def run(self) -> None:
        """Publish digests until cancelled; devices of a failed one are in the next."""
        while True:
            await self._any.wait()
            await self.publish()
            await asyncio.sleep(PAUSE_SECONDS)

    async def publish(self) -> None:
        """Publish a digest of the requests since the last one."""
        arrivals, self._arrivals = self._arrivals, {}
        self._any.clear()
        now = self._clock()
        ages = {device_id: round(now - when, 3) for device_id, when in arrivals.items()}
        # HTTP requests do not wait in a queue.
        for part in Activity(SOURCE, ages, queue_lag_seconds=0.0).parts():
            try:
                await self._publish(part.encode())
            except MqttError as error:
                logger.warning("cannot publish which devices sent data: %s", error)
                self._arrivals = {device_id: arrivals[device_id] for device_id in part.ages} | self._arrivals
                self._any.set()
