"""A work queue of keys: deduplication, one worker per key, exponential backoff per key."""

import asyncio
import random
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

MIN_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 300.0


class WorkQueue(Generic[Key]):
    """Hands out keys to workers.

    A key that is added several times while it waits is handed out once. A key that is added while a worker processes
    it is handed out again afterwards. The semantics are those of client-go's workqueue.
    """

    def __init__(self) -> None:
        self._waiting: deque[Key] = deque()
        self._dirty: set[Key] = set()
        self._working: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: Key) -> None:
        """Enqueue the key."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._working:
            self._waiting.append(key)
            self._filled.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Enqueue the key after `seconds`; if it is scheduled already, the earlier time counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def retry(self, key: Key) -> float:
        """Enqueue the key after its backoff and return the backoff in seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        backoff = min(MIN_BACKOFF_SECONDS * 2.0 ** min(failures, 32), MAX_BACKOFF_SECONDS)
        backoff *= random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret
        self.add_after(key, backoff)
        return backoff

    def succeeded(self, key: Key) -> None:
        """Reset the backoff of the key."""
        self._failures.pop(key, None)

    def forget(self, key: Key) -> None:
        """Remove the backoff and the timer of a key that does not exist any more."""
        self.succeeded(key)
        if timer := self._timers.pop(key, None):
            timer.cancel()

    async def get(self) -> Key:
        """Return the next key; the caller calls `done` afterwards."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        key = self._waiting.popleft()
        self._dirty.discard(key)
        self._working.add(key)
        return key

    def done(self, key: Key) -> None:
        """Mark the key as processed."""
        self._working.discard(key)
        if key in self._dirty:
            self._waiting.append(key)
            self._filled.set()

    def _due(self, key: Key) -> None:
        del self._timers[key]
        self.add(key)
