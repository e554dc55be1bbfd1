"""Received messages that are not stored yet, in batches."""

import asyncio
import datetime as dt
from collections import deque
from dataclasses import dataclass

from edge_service.mqtt import Message
from edge_service.waiting import set_within

FULL_BATCHES = 4
"""Number of waiting batches at which the batcher is full."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a device.

    Attributes:
        device_id: the sender, by the topic.
        message: the message, to acknowledge once it is stored.
        received_at: time of arrival (UTC).
        arrived: time of arrival in seconds of the event loop's clock.
    """

    device_id: str
    message: Message
    received_at: dt.datetime
    arrived: float


class Batcher:
    """Collects messages and returns them in batches, in order.

    The receive maximum bounds messages with QoS 1, as they are acknowledged after they are stored. For QoS 0 the caller
    must check `is_full`.
    """

    def __init__(self, most_messages: int, most_bytes: int, linger_seconds: float) -> None:
        """Prepare.

        Args:
            most_messages: maximum number of messages in a batch.
            most_bytes: maximum payload of a batch; a larger message is a batch of its own.
            linger_seconds: time that a batch waits for more messages if it is not full.
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
        """Whether messages with QoS 0 should be dropped."""
        return (
            len(self._waiting) >= FULL_BATCHES * self._most_messages or self._bytes >= FULL_BATCHES * self._most_bytes
        )

    @property
    def is_idle(self) -> bool:
        """Whether all messages are stored."""
        return self._idle.is_set()

    def add(self, received: Received) -> None:
        """Add a message."""
        self._waiting.append(received)
        self._bytes += len(received.message.payload)
        self._idle.clear()
        self._some.set()
        if len(self._waiting) >= self._most_messages:
            self._full.set()

    async def take(self) -> list[Received]:
        """Wait for messages and return the next batch; call `done` when it is stored."""
        await self._some.wait()
        if len(self._waiting) < self._most_messages:
            self._full.clear()
            await set_within(self._full, self._linger_seconds)
        return self._cut()

    def done(self) -> None:
        """Record that the batch is stored; without waiting messages the batcher is idle."""
        if not self._waiting:
            self._idle.set()

    async def idle(self) -> None:
        """Wait until all messages are stored."""
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
