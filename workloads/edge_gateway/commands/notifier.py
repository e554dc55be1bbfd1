"""Wakes requests that wait for a change of a command or a device."""

import asyncio
from collections import Counter


class Notifier:
    """An event for each key: `notify` wakes all waiters of a key; `close` wakes all waiters, for good."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}
        self._waiting: Counter[str] = Counter()
        self.closed = False

    @property
    def waiting(self) -> int:
        """The number of waiters."""
        return self._waiting.total()

    def notify(self, key: str) -> None:
        """Wake the waiters of `key`."""
        if (event := self._events.pop(key, None)) is not None:
            event.set()

    def close(self) -> None:
        """Wake all waiters; `wait` returns immediately from now on."""
        self.closed = True
        for key in tuple(self._events):
            self.notify(key)

    async def wait(self, key: str, seconds: float) -> bool:
        """Wait until `key` is notified, for at most `seconds`; return whether it was."""
        if self.closed:
            return False
        event = self._events.setdefault(key, asyncio.Event())
        self._waiting[key] += 1
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                self._events.pop(key, None)
