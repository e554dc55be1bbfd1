"""Rotates Mosquitto's log, so that it does not fill its volume: one file, and one old one."""

import asyncio
import logging
from pathlib import Path

from edge_broker_agent.metrics import AgentMetrics
from edge_broker_agent.process import Processes

POLL_SECONDS = 10.0

logger = logging.getLogger(__name__)


class LogRotation:
    """Rotates the log when it is too large.

    Args:
        path: the log; the old one has the suffix `.1`.
        largest: size in bytes above which it is rotated.
        processes: finds Mosquitto, which must reopen the log.
        metrics: count rotations.
    """

    def __init__(self, path: Path, largest: int, processes: Processes, metrics: AgentMetrics) -> None:
        self._path = path
        self._largest = largest
        self._processes = processes
        self._metrics = metrics

    async def run(self) -> None:
        """Check the log every `POLL_SECONDS` until cancelled."""
        while True:
            try:
                self.rotate_if_large()
            except OSError as error:
                logger.warning("cannot rotate Mosquitto's log %s: %s", self._path, error)
            await asyncio.sleep(POLL_SECONDS)

    def rotate_if_large(self) -> bool:
        """Rotate the log if it is too large; return whether it was.

        Raises:
            OSError: it cannot be renamed, or Mosquitto cannot be signalled.
        """
        if not self._path.exists() or self._path.stat().st_size <= self._largest:
            return False
        broker = self._processes.broker()
        number = self._processes.log_signal(broker) if broker else None
        if broker and number is None:
            # It would continue to write to the renamed file.
            logger.warning("this Mosquitto cannot reopen its log: version 2.1 or later is required")
            return False
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        if broker and number is not None:
            self._processes.signal(broker, number)
        self._metrics.log_rotations.inc()
        return True
