"""`/healthz`, `/readyz` and `/metrics` of the operator."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from .metrics import Metrics

LAG_CHECK_SECONDS = 1.0

Problems = Callable[[], list[str]]
"""Returns the problems; empty if there are none."""


class LoopLag:
    """Measures the lag of the event loop.

    Args:
        metrics: shows the lag.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self.seconds = 0.0

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = self._clock() + LAG_CHECK_SECONDS
            await asyncio.sleep(LAG_CHECK_SECONDS)
            self.seconds = max(0.0, self._clock() - due)
            self._metrics.loop_lag.set(self.seconds)


class Probes:
    """The HTTP server of probes and metrics.

    Args:
        metrics: metrics for `/metrics`.
        unhealthy: returns the reasons to restart the process.
        not_ready: returns the reasons why the process cannot do its work yet.
        refresh: updates the gauges before they are scraped.
    """

    def __init__(self, metrics: Metrics, unhealthy: Problems, not_ready: Problems, refresh: Callable[[], None]) -> None:
        self._metrics = metrics
        self._unhealthy = unhealthy
        self._not_ready = not_ready
        self._refresh = refresh
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; with port 0 on a free one, which is then in `port`.

        Raises:
            OSError: the port is in use.
        """
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._print)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return _answer(self._unhealthy())

    async def _readyz(self, _request: web.Request) -> web.Response:
        return _answer(self._not_ready())

    async def _print(self, _request: web.Request) -> web.Response:
        self._refresh()
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(problems: list[str]) -> web.Response:
    if problems:
        return web.Response(status=503, text="\n".join(problems) + "\n")
    return web.Response(text="ok\n")
