"""Received messages that are not stored yet, in batches."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge_processor.session import Acknowledging

FULL_BATCHES = 4
"""Number of waiting batches at which the batcher is full."""


class Received(NamedTuple):
    """A message of a device.

    Attributes:
        device_id: the sender, by the topic.
        payload: the bytes; the store parses them.
        packet_id: to acknowledge once the message is stored; 0 with QoS 0.
        received_at: time of arrival, in milliseconds since 1970.
        arrived: time of arrival in seconds of the event loop's clock.
        connection: received the message.
        queued_ms: milliseconds that it waited in the broker's queue before; 0 if that is short or unknown.
    """

    device_id: str
    payload: bytes
    packet_id: int
    received_at: int
    arrived: float
    connection: Acknowledging
    queued_ms: int = 0


class Batcher:
    """Collects messages and returns them in batches, in order: all that waits, within limits.

    The receive maximum bounds messages with QoS 1, as they are acknowledged after they are stored. For QoS 0 the caller
    must check `is_full`.

    Attributes:
        on_some: called when messages were added.
    """

    def __init__(self, most_messages: int, most_bytes: int) -> None:
        """Prepare.

        Args:
            most_messages: maximum number of messages in a batch.
            most_bytes: maximum payload of a batch; a larger message is a batch of its own.
        """
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._waiting: deque[Received] = deque()
        self._bytes = 0
        self._taken_batches = 0
        self.on_some: Callable[[], None] = lambda: None
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._waiting)

    def is_full(self, more_messages: int = 0) -> bool:
        """Return whether messages with QoS 0 should be dropped; `more_messages` will be added before the next one."""
        waiting = len(self._waiting) + more_messages
        return waiting >= FULL_BATCHES * self._most_messages or self._bytes >= FULL_BATCHES * self._most_bytes

    @property
    def is_idle(self) -> bool:
        """Whether all messages are stored."""
        return self._idle.is_set()

    def add(self, received: Sequence[Received]) -> None:
        """Add the messages of a read."""
        if not received:
            return
        self._waiting.extend(received)
        self._bytes += sum(len(each.payload) for each in received)
        self._idle.clear()
        self.on_some()

    def take(self) -> list[Received]:
        """Return the next batch of the messages that wait, one or more; call `done` when it is stored."""
        self._taken_batches += 1
        return self._cut()

    def done(self) -> None:
        """Record that the oldest batch is stored; without others and without waiting messages the batcher is idle."""
        self._taken_batches -= 1
        if not self._waiting and not self._taken_batches:
            self._idle.set()

    async def idle(self) -> None:
        """Wait until all messages are stored."""
        await self._idle.wait()

    def _cut(self) -> list[Received]:
        waiting = self._waiting
        batch = [waiting.popleft()]
        connection, size = batch[0].connection, len(batch[0].payload)
        while waiting and len(batch) < self._most_messages:
            following = size + len(waiting[0].payload)
            if following > self._most_bytes or waiting[0].connection is not connection:
                break
            size = following
            batch.append(waiting.popleft())
        self._bytes -= size
        return batch
