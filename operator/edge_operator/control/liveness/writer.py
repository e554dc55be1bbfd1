"""Writes to the API server what is known of the devices' lives, within a budget of its own."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any

from edge_liveness import StatusWrites, Write
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.cluster.objects import Objects
from edge_operator.control.apply.status_writer import EDGE_DEVICE, status_manifest
from edge_operator.control.apply.write_errors import CONFLICT, AfterStatus, after_status
from edge_operator.control.cache.child_cache import DEVICE, ResourceKey
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.telemetry.logs import about
from edge_operator.telemetry.metrics import Metrics

from .clocks import RFC3339, Clocks
from .retry_queue import PutOff

FIELD_MANAGER = "edge-stack-liveness"
"""The manager of what is known of a device's life."""

CONCURRENCY = 8
ATTEMPTS = 4
"""How often a device is tried that others keep changing, before those that wait have their turn."""

PAUSE_SECONDS = 1.0
"""After a failure that is not the device's own, such as an API server that is away."""

MIN_PAUSE_SECONDS = 0.001

Say = Callable[[CachedDevice, Write[ResourceKey], str], Mapping[str, Any] | None]
"""A device as it was last seen, why it is to be written, and now (RFC 3339) to the status; None if it says so."""

logger = logging.getLogger(__name__)


class LivenessWriter:
    """Writes the status of devices, each as it is when its turn comes.

    Args:
        writes: whose turn it is.
        objects: the API server, under the manager of the liveness.
        devices: the devices as last seen, fed with the answers to our own writes.
        leading: whether this process may write.
        metrics: where writes are counted.
        clocks: the time.
        look_again: seconds until a write is tried again that the API server has refused.
    """

    def __init__(
        self,
        writes: StatusWrites[ResourceKey],
        objects: Objects,
        devices: DeviceCache,
        leading: Callable[[], bool],
        metrics: Metrics,
        clocks: Clocks,
        recheck_seconds: float,
    ) -> None:
        self._writes = writes
        self._objects = objects
        self._devices = devices
        self._leading = leading
        self._metrics = metrics
        self._clocks = clocks
        self._later = PutOff(recheck_seconds)
        self._filled = asyncio.Event()

    def changed(self, key: ResourceKey) -> None:
        """Have a device written before all those of which nothing but a time is new."""
        self._writes.changed(key, self._clocks.steady())
        self._filled.set()

    def remove(self, key: ResourceKey) -> None:
        """Write nothing of a device that is gone."""
        self._writes.forget(key)
        self._later.remove(key)

    async def run(self, say: Say) -> None:
        """Write until cancelled."""
        places = asyncio.Semaphore(CONCURRENCY)
        async with asyncio.TaskGroup() as group:
            while True:
                await places.acquire()
                task = group.create_task(self._one(await self._next(), say))
                task.add_done_callback(lambda _: places.release())

    async def _next(self) -> Write[ResourceKey]:
        while True:
            now = self._clocks.steady()
            if self._leading():
                for key in self._later.due(now):
                    self._writes.changed(key, now)
                if (write := self._writes.take(now)) is not None:
                    return write
            self._filled.clear()
            if self._leading():
                await _set_within(self._filled, pause_seconds(now, self._writes.next_at(now)))
            else:
                await asyncio.sleep(PAUSE_SECONDS / 4)

    async def _one(self, write: Write[ResourceKey], say: Say) -> None:
        """Write one device, and answer for it whatever happens."""
        try:
            await self._attempt(write, say)
        except (NotLeaderError, UnreachableError) as error:
            logger.info("cannot write device status; retrying: %s", error, extra=about(DEVICE, *write.key))
            self._fail(write)
        except ApiError as error:
            self._refused(write, error)
        except Exception:
            logger.exception(
                "cannot write device status: internal error of the operator", extra=about(DEVICE, *write.key)
            )
            self._put_off(write)
        self._filled.set()

    async def _attempt(self, write: Write[ResourceKey], say: Say) -> None:
        for _ in range(ATTEMPTS):
            device = self._devices.get(write.key)
            now = self._clocks.wall().astimezone(dt.UTC).strftime(RFC3339)
            status = None if device is None or device.deleting else say(device, write, now)
            if device is None or status is None:
                self._writes.unneeded(write, self._clocks.steady())
                self._later.remove(write.key)
                return
            try:
                written = await self._objects.apply_status(EDGE_DEVICE, status_manifest(device, status))
            except ApiError as error:
                if error.code != CONFLICT:
                    raise
                await self._reread(device)
                continue
            self._writes.done(write, self._clocks.steady())
            self._later.remove(write.key)
            self._metrics.liveness_writes.labels(write.kind.value).inc()
            self._devices.put(written)
            return
        self._writes.failed(write, self._clocks.steady())

    async def _reread(self, device: CachedDevice) -> None:
        """Take the device as it is now: what was known of it is out of date. One that is gone is left to its event."""
        self._metrics.liveness_conflicts.inc()
        found = await self._objects.get(EDGE_DEVICE, *device.key)
        if found is not None:
            self._devices.put(found)
        elif self._devices.get(device.key) is device:
            self._devices.delete(device.key)

    def _refused(self, write: Write[ResourceKey], error: ApiError) -> None:
        after = after_status(error)
        if after is AfterStatus.DROP:
            self._writes.done(write, self._clocks.steady())
            return
        logger.warning("cannot write device status: %s", error, extra=about(DEVICE, *write.key))
        if after is AfterStatus.RETRY_LATER:
            self._put_off(write)
        else:
            self._fail(write)

    def _put_off(self, write: Write[ResourceKey]) -> None:
        """Leave a device alone for a while: at once the same would come of it; nothing tells when it would not."""
        now = self._clocks.steady()
        self._writes.done(write, now)
        self._later.refused(write.key, now)

    def _fail(self, write: Write[ResourceKey]) -> None:
        now = self._clocks.steady()
        self._writes.failed(write, now)
        if self._leading():
            self._writes.slow_down(now, PAUSE_SECONDS)


def pause_seconds(now: float, next_at: float | None) -> float:
    """Return how long to wait for a change before asking for the next write again.

    Never zero, or the loop would spin; never long, as what was refused is due at times that `next_at` does not know.

    Args:
        now: seconds of the steady clock.
        next_at: when the next write may be made, by the same clock; None if no write waits.
    """
    return PAUSE_SECONDS if next_at is None else min(max(next_at - now, MIN_PAUSE_SECONDS), PAUSE_SECONDS)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
