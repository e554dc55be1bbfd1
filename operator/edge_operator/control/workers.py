"""Workers that take sites from the queue and reconcile them, while this process leads."""

import asyncio
import logging
from collections.abc import Callable

from edge_operator.cluster.errors import ApiError, NotLeaderError, UnreachableError
from edge_operator.telemetry.logs import about
from edge_operator.telemetry.metrics import Metrics

from .queue import WorkQueue
from .site import SiteReconciler
from .site_ref import SiteObject
from .sites import SiteStore
from .store import SiteKey

WORKERS = 8

logger = logging.getLogger(__name__)


class Workers:
    """Reconciles sites from the queue.

    Args:
        queue: which sites to look at.
        sites: the sites as last seen.
        reconciler: makes one pass over a site.
        leading: whether this process leads now.
        metrics: where reconciles are counted.
    """

    def __init__(
        self,
        queue: WorkQueue[SiteKey],
        sites: SiteStore,
        reconciler: SiteReconciler,
        leading: Callable[[], bool],
        metrics: Metrics,
    ) -> None:
        self._queue = queue
        self._sites = sites
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

    async def _one(self, key: SiteKey) -> None:
        with self._metrics.reconcile_seconds.labels("EdgeSite").time():
            result = await self._attempt(key)
        self._metrics.reconciles.labels("EdgeSite", result).inc()

    async def _attempt(self, key: SiteKey) -> str:
        """Look at one site and return how it went, in one word. No error of one site ends the worker."""
        site = self._sites.get(key)
        if site is None:
            self._reconciler.forget(key)
            self._queue.forget(key)
            return "gone"
        try:
            again = await self._pass(site)
        except NotLeaderError:
            return "not_leader"
        except (ApiError, UnreachableError) as error:
            wait = self._queue.retry(key)
            logger.warning("reconcile failed, next try in %.1f s: %s", wait, error, extra=about("EdgeSite", *key))
            return "error"
        except Exception:
            wait = self._queue.retry(key)
            logger.exception("reconcile failed by a fault of the operator", extra=about("EdgeSite", *key))
            return "fault"
        self._queue.succeeded(key)
        if again is not None:
            self._queue.add_after(key, again)
            return "again"
        return "ok"

    async def _pass(self, site: SiteObject) -> float | None:
        if not self._leading():
            await self._reconciler.observe(site)
            return None
        return await self._reconciler.reconcile(site)
