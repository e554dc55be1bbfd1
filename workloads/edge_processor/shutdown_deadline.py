"""Exits the process if a cancelled task does not end."""

import asyncio
import logging
import os
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from edge_service.commands import FAILED

logger = logging.getLogger(__name__)


class ShutdownDeadline:
    """Exits the process if a task still runs a while after its cancellation; a context manager.

    An ingester that cannot stop would neither work nor be a standby, forever. After an exit Kubernetes restarts the
    process, and the broker publishes its will. A graceful shutdown would wait for the same task.
    """

    def __init__(self, seconds: float) -> None:
        """Prepare; `seconds` is the time from the cancellation until the exit."""
        self._seconds = seconds
        self._tasks: list[asyncio.Task[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def watch(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Watch tasks that run until they are cancelled; the end of the first one starts the countdown."""
        for task in tasks:
            self._tasks.append(task)
            task.add_done_callback(lambda _: self.begin())

    def begin(self) -> None:
        """Start the countdown."""
        if self._timer is None and not self._over:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the countdown: all tasks have ended."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        running = ", ".join(sorted(task.get_name() for task in self._tasks if not task.done()))
        logger.critical(
            "%s is still running %g s after it was cancelled: exiting, so that the process is restarted",
            running or "the shutdown of the ingester",
            self._seconds,
        )
        os._exit(FAILED)
