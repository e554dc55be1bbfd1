"""Checks Mosquitto's database before each start of Mosquitto, and has what was lost.

In a new pod the kubelet starts Mosquitto after the check, because the agent is ready only then. If Mosquitto ends in
its pod, the check begins at once, and the kubelet starts Mosquitto a second later or more. It reads the file that the
ended process has left, even if a Mosquitto that did not wait has replaced it: then it only notes the loss.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from edge_broker_agent.database.repair import DatabaseRepair
from edge_broker_agent.database.volume import DatabaseVolume
from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process_watch import ProcessWatch
from edge_wire.messages import DataLost

REPORT_TIME = timedelta(hours=24)
"""Time after the discovery for which a loss is reported, so that somebody can notice it."""

COPY_SECONDS = 600.0
"""Time between two copies of the sessions of a running Mosquitto."""

logger = logging.getLogger(__name__)


class DatabaseGuard:
    """Guards the database.

    Attributes:
        checked: set when Mosquitto may start.
        data_lost: what Mosquitto has lost within the last 24 hours; None if nothing.
    """

    def __init__(
        self, volume: DatabaseVolume, process_watch: ProcessWatch, changed: asyncio.Event, metrics: AgentMetrics
    ) -> None:
        """Prepare.

        Args:
            volume: the database and the files beside it.
            process_watch: the running Mosquitto.
            changed: set when `data_lost` has changed.
            metrics: count damaged databases and failed writes.
        """
        self.checked = asyncio.Event()
        self.data_lost: DataLost | None = None
        self._volume = volume
        self._repair = DatabaseRepair(volume, _now)
        self._process_watch = process_watch
        self._changed = changed
        self._metrics = metrics

    async def run(self) -> None:
        """Check before the first start and after each end of Mosquitto, until cancelled."""
        self._report(self._volume.loss())
        if self._process_watch.current() is None:
            await self._check()
        self.checked.set()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(COPY_SECONDS):
                    await self._process_watch.ended.wait()
            if self._process_watch.ended.is_set():
                self._process_watch.ended.clear()
                await self._check()
            else:
                await self._copy()
            self._report(self.data_lost)

    async def _check(self) -> None:
        try:
            loss = await asyncio.to_thread(self._repair.check)
        except OSError as error:
            self._metrics.write_errors.inc()
            logger.error("cannot repair Mosquitto's database (%s): check the broker's volume", error)  # noqa: TRY400
            return
        if loss is not None:
            self._metrics.database_damaged.inc()
            self._report(loss)

    async def _copy(self) -> None:
        try:
            await asyncio.to_thread(self._repair.copy_sessions)
        except OSError as error:
            self._metrics.write_errors.inc()
            logger.warning("cannot copy the sessions in Mosquitto's database (%s): check the broker's volume", error)

    def _report(self, loss: DataLost | None) -> None:
        """Report a loss until its time has passed."""
        if loss is not None and _now() >= loss.found + REPORT_TIME:
            loss = None
            with suppress(OSError):
                self._volume.forget_loss()
        if loss != self.data_lost:
            self.data_lost = loss
            self._changed.set()


def _now() -> datetime:
    return datetime.now(UTC)
