"""Notifies the processors of readings that were stored over HTTP, a few times a second."""

import asyncio
from collections.abc import Callable

INTERVAL_SECONDS = 0.05
"""Seconds between two notifications: thousands of requests a second must not wake the processor as often."""


class Notifier:
    """Passes the newest offset on: the first at once, those of the next interval together.

    Args:
        notify: called with the newest offset; must not wait.
    """

    def __init__(self, notify: Callable[[int], None]) -> None:
        self._notify = notify
        self._newest = 0
        self._timer: asyncio.TimerHandle | None = None

    def stored(self, newest_offset: int) -> None:
        """Notify soon that the store has readings up to `newest_offset`."""
        self._newest = max(self._newest, newest_offset)
        if self._timer is None:
            self._pass_on()

    def _pass_on(self) -> None:
        self._notify(self._newest)
        sent = self._newest
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._end, sent)

    def _end(self, sent: int) -> None:
        self._timer = None
        if self._newest > sent:
            self._pass_on()
