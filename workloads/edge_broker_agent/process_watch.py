"""Whether Mosquitto runs: its end is notified immediately, its start is polled."""

import asyncio
import contextlib
import logging
import os

from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import MosquittoProcess, Processes

POLL_SECONDS = 0.2
"""Seconds between two looks for a process: the start of one in another container is not notified."""

logger = logging.getLogger(__name__)


class ProcessWatch:
    """Watches the runs of Mosquitto.

    Attributes:
        broker: the running process; None while there is none.
        running: set while Mosquitto runs.
        begun: set when a run has begun; its reader clears it.
        ended: set when a run has ended; its reader clears it.
    """

    def __init__(self, processes: Processes, metrics: AgentMetrics) -> None:
        self.broker: MosquittoProcess | None = None
        self.running = asyncio.Event()
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self._processes = processes
        self._metrics = metrics

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            found = self._processes.broker()
            if found is None:
                await asyncio.sleep(POLL_SECONDS)
                continue
            with contextlib.suppress(ProcessLookupError):
                await self._stay(found)

    def current(self) -> MosquittoProcess | None:
        """Return the Mosquitto that runs now; None if there is none."""
        return self._processes.broker()

    async def _stay(self, broker: MosquittoProcess) -> None:
        descriptor = self._processes.open(broker)
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(descriptor, ended.set)
        try:
            self.broker = broker
            self._metrics.broker_starts.inc()
            self.running.set()
            self.begun.set()
            logger.info("Mosquitto started: process %d, boot %s", broker.pid, broker.boot)
            await ended.wait()
            self.ended.set()
            logger.warning("Mosquitto has ended: process %d, boot %s", broker.pid, broker.boot)
        finally:
            self.broker = None
            self.running.clear()
            loop.remove_reader(descriptor)
            os.close(descriptor)
