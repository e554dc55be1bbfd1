"""Sends stored readings in order, some batches at a time."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_processor.delivery.destination import Outcome, Sender
from edge_processor.delivery.lanes.window import Window
from edge_processor.delivery.ledger import Entry

MAX_BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LaneOptions:
    """How a lane sends.

    Attributes:
        batch_readings: maximum number of readings in a batch.
        window_batches: maximum number of batches without a confirmation: while one is confirmed, the next one is on its
            way.
        linger_seconds: how long readings wait for others to fill a batch, in seconds.
    """

    batch_readings: int
    window_batches: int = 2
    linger_seconds: float = 0.0


class Lane:
    """Sends readings in the order of `put`. An entry with an empty line is delivered with its batch, but not sent.

    Attributes:
        idle: set while all readings are delivered.
        low: set while less than a batch waits.
        may_send: returns whether the lane may send; call `send` when that has changed.
        on_sent: called with the number of readings of a batch after it was sent, and with 0 when the lane has changed.
    """

    def __init__(
        self, sender: Sender, options: LaneOptions, landed: Callable[[Sequence[Entry], Outcome], None]
    ) -> None:
        """Prepare.

        Args:
            sender: to the destination.
            options: of the lane.
            landed: called with a batch and its outcome, in order; positions in the outcome are those of the batch.
        """
        self._options = options
        self._window = Window(sender, landed, self.send)
        self._waiting: deque[Entry] = deque()
        self._waiting_bytes = 0
        self._linger_seconds = options.linger_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._has_lingered = False
        self.may_send: Callable[[], bool] = lambda: True
        self.on_sent: Callable[[int], None] = lambda _: None
        self.idle = asyncio.Event()
        self.low = asyncio.Event()
        self._note()

    @property
    def waiting_readings(self) -> int:
        """Number of readings that are not sent yet."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """Size of these readings, in bytes."""
        return self._waiting_bytes

    @property
    def in_flight_batches(self) -> int:
        """Number of batches without a confirmation."""
        return len(self._window)

    @property
    def is_saturated(self) -> bool:
        """Whether a batch waits although the window is full."""
        return self._has_full_batch() and not self._has_room()

    def put(self, entries: Sequence[Entry]) -> None:
        """Send readings as soon as there is room in the window and the batch is full or has waited long enough."""
        self._waiting.extend(entries)
        self._waiting_bytes += sum([len(line) for _, line in entries])
        self.send()

    def release(self) -> list[Entry]:
        """Drop the readings that are not sent yet, and return them."""
        released = list(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        self.send()
        return released

    def flush(self) -> None:
        """Send what waits without lingering from now on."""
        self._linger_seconds = 0.0
        self.send()

    def send(self) -> None:
        """Send what may be sent now."""
        while self._waiting and self._has_room() and self._is_due() and self.may_send():
            batch = self._cut()
            self._has_lingered = False
            self.on_sent(self._window.send(batch))
        self._linger()
        self._note()
        self.on_sent(0)

    def _has_room(self) -> bool:
        return len(self._window) < self._options.window_batches

    def _has_full_batch(self) -> bool:
        return len(self._waiting) >= self._options.batch_readings or self._waiting_bytes >= MAX_BATCH_BYTES

    def _is_due(self) -> bool:
        return not self._linger_seconds or self._has_lingered or self._has_full_batch()

    def _linger(self) -> None:
        if self._timer is not None and not self._waiting:
            self._timer.cancel()
            self._timer = None
        elif self._timer is None and self._waiting and not self._is_due():
            self._timer = asyncio.get_running_loop().call_later(self._linger_seconds, self._end_linger)

    def _end_linger(self) -> None:
        self._timer = None
        self._has_lingered = True
        self.send()

    def _cut(self) -> list[Entry]:
        waiting = self._waiting
        if len(waiting) <= self._options.batch_readings and self._waiting_bytes <= MAX_BATCH_BYTES:
            batch = list(waiting)
            waiting.clear()
            self._waiting_bytes = 0
            return batch
        batch, size = [], 0
        while waiting and len(batch) < self._options.batch_readings:
            following = size + len(waiting[0][1])
            if batch and following > MAX_BATCH_BYTES:
                break
            size = following
            batch.append(waiting.popleft())
        self._waiting_bytes -= size
        return batch

    def _note(self) -> None:
        waits = len(self._waiting)
        _set(self.idle, waits == 0 and not len(self._window))
        _set(self.low, waits < self._options.batch_readings)


def _set(event: asyncio.Event, is_set: bool) -> None:  # noqa: FBT001 - the value of the event
    if is_set:
        event.set()
    else:
        event.clear()
