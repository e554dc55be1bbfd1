"""Writes the liveness of devices to the API server, within a budget of its own."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any

from edge_liveness import StatusWrites, Write
from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.status_writer import EDGE_DEVICE, status_manifest
from edge_operator.control.apply.write_errors import AfterStatus, after_status
from edge_operator.control.cache.child_cache import DEVICE, ResourceKey
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.telemetry.logs import about
from edge_operator.telemetry.metrics import Metrics

from .clocks import RFC3339, Clocks
from .retry_queue import RetryQueue

FIELD_MANAGER = "edge-stack-liveness"
"""Field manager of the liveness fields in a device's status."""

CONCURRENCY = 8
"""Maximum number of concurrent writes."""

ATTEMPTS = 4
"""Attempts for a device that others keep changing, before the next device has its turn."""

PAUSE_SECONDS = 1.0
"""Pause after a failure that does not depend on the device, such as an unreachable API server."""

MIN_PAUSE_SECONDS = 0.001

Render = Callable[[CachedDevice, Write[ResourceKey], str], Mapping[str, Any] | None]
"""Returns the status to write for a device, from the write's kind and the current time (RFC 3339), or None."""

logger = logging.getLogger(__name__)


class LivenessWriter:
    """Writes the status of devices, each as it is when its turn comes.

    Args:
        writes: schedule of the writes.
        objects: client for single objects, with the field manager of the liveness.
        devices: cache of the devices; it is updated with the responses to our own writes.
        leading: returns whether this process may write.
        metrics: counts writes.
        clocks: both clocks.
        recheck_seconds: seconds until a write is retried that the API server has rejected.
    """

    def __init__(
        self,
        writes: StatusWrites[ResourceKey],
        objects: ObjectClient,
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
        self._retries = RetryQueue(recheck_seconds)
        self._filled = asyncio.Event()

    def changed(self, key: ResourceKey) -> None:
        """Schedule a device before all those with nothing but a newer timestamp."""
        self._writes.changed(key, self._clocks.steady())
        self._filled.set()

    def remove(self, key: ResourceKey) -> None:
        """Remove a deleted device."""
        self._writes.forget(key)
        self._retries.remove(key)

    async def run(self, render: Render) -> None:
        """Write until cancelled."""
        places = asyncio.Semaphore(CONCURRENCY)
        async with asyncio.TaskGroup() as group:
            while True:
                await places.acquire()
                task = group.create_task(self._process(await self._next(), render))
                task.add_done_callback(lambda _: places.release())

    async def _next(self) -> Write[ResourceKey]:
        while True:
            now = self._clocks.steady()
            if self._leading():
                for key in self._retries.due(now):
                    self._writes.changed(key, now)
                if (write := self._writes.take(now)) is not None:
                    return write
            self._filled.clear()
            if self._leading():
                await _set_within(self._filled, pause_seconds(now, self._writes.next_at(now)))
            else:
                await asyncio.sleep(PAUSE_SECONDS / 4)

    async def _process(self, write: Write[ResourceKey], render: Render) -> None:
        """Write one device and report the result to the schedule in any case."""
        try:
            await self._attempt(write, render)
        except (NotLeaderError, UnreachableError) as error:
            logger.info("cannot write device status; retrying: %s", error, extra=about(DEVICE, *write.key))
            self._fail(write)
        except ApiError as error:
            self._refused(write, error)
        except Exception:
            logger.exception(
                "cannot write device status: internal error of the operator", extra=about(DEVICE, *write.key)
            )
            self._retry_later(write)
        self._filled.set()

    async def _attempt(self, write: Write[ResourceKey], render: Render) -> None:
        for _ in range(ATTEMPTS):
            device = self._devices.get(write.key)
            now = self._clocks.wall().astimezone(dt.UTC).strftime(RFC3339)
            status = None if device is None or device.deleting else render(device, write, now)
            if device is None or status is None:
                self._writes.unneeded(write, self._clocks.steady())
                self._retries.remove(write.key)
                return
            try:
                written = await self._objects.apply_status(EDGE_DEVICE, status_manifest(device, status))
            except ApiError as error:
                if not error.conflict:
                    raise
                await self._reread(device)
                continue
            self._writes.done(write, self._clocks.steady())
            self._retries.remove(write.key)
            self._metrics.liveness_writes.labels(write.kind.value).inc()
            self._devices.put(written)
            return
        self._writes.failed(write, self._clocks.steady())

    async def _reread(self, device: CachedDevice) -> None:
        """Read the device again, because the cached one is out of date. A deleted device is left to its event."""
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
            self._retry_later(write)
        else:
            self._fail(write)

    def _retry_later(self, write: Write[ResourceKey]) -> None:
        """Retry a device with backoff: a retry at once would fail again, and no event reports when it would not."""
        now = self._clocks.steady()
        self._writes.done(write, now)
        self._retries.add(write.key, now)

    def _fail(self, write: Write[ResourceKey]) -> None:
        now = self._clocks.steady()
        self._writes.failed(write, now)
        if self._leading():
            self._writes.slow_down(now, PAUSE_SECONDS)


def pause_seconds(now: float, next_at: float | None) -> float:
    """Return the seconds to wait for a change before asking for the next write again.

    Never zero, which would be a busy loop; never long, because `next_at` does not include the retries of rejected
    writes.

    Args:
        now: time on the monotonic clock, in seconds.
        next_at: time of the next write on the same clock; None if no write waits.
    """
    return PAUSE_SECONDS if next_at is None else min(max(next_at - now, MIN_PAUSE_SECONDS), PAUSE_SECONDS)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
