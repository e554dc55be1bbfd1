"""Messages that came and are not stored yet."""

import asyncio
import datetime as dt
from collections import deque
from dataclasses import dataclass

from edge_service.mqtt import Message
from edge_service.waiting import set_within

FULL_BATCHES = 4
"""Batches that wait when the inbox is crowded."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a device.

    Attributes:
        device_id: who sent it, by its topic.
        message: as it came; acknowledged once it is stored.
        received_at: when it came, in UTC.
        arrived: the same by the event loop's clock.
    """

    device_id: str
    message: Message
    received_at: dt.datetime
    arrived: float


class Batcher:
    """Takes messages as they come and gives them out in batches, in their order.

    What it holds of QoS 1 is bounded by the receive maximum, as nothing is acknowledged before it is stored. Nothing
    bounds QoS 0 but `is_full`.
    """

    def __init__(self, most_messages: int, most_bytes: int, linger_seconds: float) -> None:
        """Prepare.

        Args:
            most_messages: in a batch.
            most_bytes: of payload in a batch; a larger message is a batch of its own.
            linger_seconds: how long a batch that is not full waits for more.
        """
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._linger_seconds = linger_seconds
        self._waiting: deque[Received] = deque()
        self._bytes = 0
        self._some = asyncio.Event()
        self._full = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether a message that is not owed to anybody should be left out."""
        return (
            len(self._waiting) >= FULL_BATCHES * self._most_messages or self._bytes >= FULL_BATCHES * self._most_bytes
        )

    @property
    def is_idle(self) -> bool:
        """Whether all that came is stored."""
        return self._idle.is_set()

    def add(self, received: Received) -> None:
        """Take a message."""
        self._waiting.append(received)
        self._bytes += len(received.message.payload)
        self._idle.clear()
        self._some.set()
        if len(self._waiting) >= self._most_messages:
            self._full.set()

    async def take(self) -> list[Received]:
        """Wait for messages and return the next batch; `done` has to follow."""
        await self._some.wait()
        if len(self._waiting) < self._most_messages:
            self._full.clear()
            await set_within(self._full, self._linger_seconds)
        return self._cut()

    def done(self) -> None:
        """Say that the batch is stored: with nothing waiting the inbox is idle."""
        if not self._waiting:
            self._idle.set()

    async def idle(self) -> None:
        """Return when all that came is stored."""
        await self._idle.wait()

    def _cut(self) -> list[Received]:
        batch = [self._waiting.popleft()]
        size = len(batch[0].message.payload)
        while self._waiting and len(batch) < self._most_messages:
            size += len(self._waiting[0].message.payload)
            if size > self._most_bytes:
                break
            batch.append(self._waiting.popleft())
        self._bytes -= sum(len(received.message.payload) for received in batch)
        if not self._waiting:
            self._some.clear()
        return batch
