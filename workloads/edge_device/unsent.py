"""Readings that the broker has not acknowledged yet: kept over reconnects, within bounds."""

import asyncio
from collections import deque

from edge_wire.messages import Reading


class Unsent:
    """A queue of readings; when it is full, the oldest are dropped and counted.

    Attributes:
        dropped: number of dropped readings.
    """

    def __init__(self, most: int) -> None:
        """Prepare; the queue holds at most `most` readings."""
        self._most = most
        self._readings: deque[Reading] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.dropped = 0

    def add(self, reading: Reading) -> None:
        """Add a reading."""
        if len(self._readings) >= self._most:
            self._readings.popleft()
            self.dropped += 1
        self._readings.append(reading)
        self._idle.clear()
        self._some.set()

    async def take(self, most: int) -> list[Reading]:
        """Wait for readings and return the oldest, `most` readings or fewer; call `done` when they have been sent."""
        await self._some.wait()
        taken = [self._readings.popleft() for _ in range(min(most, len(self._readings)))]
        if not self._readings:
            self._some.clear()
        return taken

    def done(self, again: list[Reading]) -> None:
        """Record that the readings of `take` are acknowledged, except `again`, which are put back in front."""
        self._readings.extendleft(reversed(again))
        if self._readings:
            self._some.set()
        else:
            self._idle.set()

    async def idle(self) -> None:
        """Wait until all readings are acknowledged."""
        await self._idle.wait()
