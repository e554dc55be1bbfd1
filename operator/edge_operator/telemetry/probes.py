"""`/healthz`, `/readyz` and `/metrics` of the operator."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from edge_service.serving.plain_server import PlainServer
from edge_service.serving.raw_response import RawResponse

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
        self._server: PlainServer | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; with port 0 on a free one, which is then in `port`.

        Raises:
            OSError: the port is in use.
        """
        answers = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._print}
        self._server = await PlainServer(answers, host, port).__aenter__()
        self.port = self._server.port

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.__aexit__(None, None, None)

    def _healthz(self) -> RawResponse:
        return _answer(self._unhealthy())

    def _readyz(self) -> RawResponse:
        return _answer(self._not_ready())

    def _print(self) -> RawResponse:
        self._refresh()
        return RawResponse(HTTPStatus.OK, generate_latest(self._metrics.registry), CONTENT_TYPE_LATEST)


def _answer(problems: list[str]) -> RawResponse:
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return RawResponse(status, ("\n".join(problems or ["ok"]) + "\n").encode(), "text/plain; charset=utf-8")
