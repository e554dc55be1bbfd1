"""Workers that take keys of one kind from a queue and reconcile the resources while this process leads."""

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import Resource
from edge_operator.control.cache.resource_cache import ResourceCache, ResourceT
from edge_operator.telemetry.logs import about
from edge_operator.telemetry.metrics import Metrics

from .work_queue import WorkQueue

WORKERS = 8

logger = logging.getLogger(__name__)


ResourceT_contra = TypeVar("ResourceT_contra", bound=Resource, contravariant=True)


class Reconciler(Protocol[ResourceT_contra]):
    """Reconciles one resource."""

    def remove(self, key: ResourceKey) -> None:
        """Remove what is stored about a deleted resource."""
        ...

    async def observe(self, resource: ResourceT_contra, /) -> None:
        """Read the state of the resource that a standby needs for a takeover."""
        ...

    async def reconcile(self, resource: ResourceT_contra, /) -> float | None:
        """Reconcile once; return the seconds until the next reconcile, None if events will trigger it."""
        ...


class Workers(Generic[ResourceT]):
    """Reconciles resources of one kind.

    Args:
        kind: the kind, as in logs and metrics.
        queue: keys of the resources to reconcile.
        resources: cache of the resources.
        reconciler: reconciles one of them.
        leading: returns whether this process leads now.
        metrics: counts reconciles.
    """

    def __init__(
        self,
        kind: str,
        queue: WorkQueue[ResourceKey],
        resources: ResourceCache[ResourceT],
        reconciler: Reconciler[ResourceT],
        leading: Callable[[], bool],
        metrics: Metrics,
    ) -> None:
        self._kind = kind
        self._queue = queue
        self._resources = resources
        self._reconciler = reconciler
        self._leading = leading
        self._metrics = metrics

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(WORKERS):
                group.create_task(self._work(), name=f"worker {number}")

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self._one(key)
            finally:
                self._queue.done(key)

    async def _one(self, key: ResourceKey) -> None:
        with self._metrics.reconcile_seconds.labels(self._kind).time():
            result = await self._attempt(key)
        self._metrics.reconciles.labels(self._kind, result).inc()

    async def _attempt(self, key: ResourceKey) -> str:
        """Reconcile one resource and return the result for the metrics. An error does not end the worker."""
        resource = self._resources.get(key)
        if resource is None:
            self._reconciler.remove(key)
            self._queue.forget(key)
            return "gone"
        try:
            again = await self._pass(resource)
        except NotLeaderError:
            return "not_leader"
        except (ApiError, UnreachableError) as error:
            wait = self._queue.retry(key)
            logger.warning("reconcile failed; retrying in %.1f s: %s", wait, error, extra=about(self._kind, *key))
            return "error"
        except Exception:
            wait = self._queue.retry(key)
            logger.exception("reconcile failed: internal error of the operator", extra=about(self._kind, *key))
            return "fault"
        self._queue.succeeded(key)
        if again is not None:
            self._queue.add_after(key, again)
            return "again"
        return "ok"

    async def _pass(self, resource: ResourceT) -> float | None:
        if not self._leading():
            await self._reconciler.observe(resource)
            return None
        return await self._reconciler.reconcile(resource)
