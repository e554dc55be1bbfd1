"""Readings that the broker has not acknowledged yet: kept through a broken connection, within bounds."""

import asyncio
from collections import deque

from edge_wire.messages import Reading


class Unsent:
    """A queue of readings; when it is full the oldest make room and are counted.

    Attributes:
        dropped: how many had to make room.
    """

    def __init__(self, most: int) -> None:
        """Prepare for at most `most` readings."""
        self._most = most
        self._readings: deque[Reading] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.dropped = 0

    def add(self, reading: Reading) -> None:
        """Take a reading."""
        if len(self._readings) >= self._most:
            self._readings.popleft()
            self.dropped += 1
        self._readings.append(reading)
        self._idle.clear()
        self._some.set()

    async def take(self, most: int) -> list[Reading]:
        """Wait for readings and return the oldest; `done` or `again` has to follow."""
        await self._some.wait()
        taken = [self._readings.popleft() for _ in range(min(most, len(self._readings)))]
        if not self._readings:
            self._some.clear()
        return taken

    def done(self, again: list[Reading]) -> None:
        """Say that what was taken is acknowledged, but for `again`, which is put back in front."""
        self._readings.extendleft(reversed(again))
        if self._readings:
            self._some.set()
        else:
            self._idle.set()

    async def idle(self) -> None:
        """Return when all is acknowledged."""
        await self._idle.wait()
