"""Wakes requests that wait for something to happen to a command or a device."""

import asyncio
from collections import Counter


class Notifier:
    """One bell a key: `notify` wakes all who wait at it; `close` wakes everybody, for good."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}
        self._waiting: Counter[str] = Counter()
        self.closed = False

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return self._waiting.total()

    def notify(self, key: str) -> None:
        """Wake who waits at `key`."""
        if (bell := self._events.pop(key, None)) is not None:
            bell.set()

    def close(self) -> None:
        """Wake everybody; nobody waits from now on."""
        self.closed = True
        for key in tuple(self._events):
            self.notify(key)

    async def wait(self, key: str, seconds: float) -> bool:
        """Return when the bell of `key` rings, or after `seconds`; whether it has rung."""
        if self.closed:
            return False
        bell = self._events.setdefault(key, asyncio.Event())
        self._waiting[key] += 1
        try:
            async with asyncio.timeout(seconds):
                return await bell.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                self._events.pop(key, None)
