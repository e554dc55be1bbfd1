"""A destination in the test: it takes batches, at a rate of its own, and can be cut, or hold all back."""

import asyncio
from collections.abc import Callable, Sequence

from edge_processor.delivery.destination import LaneName, Outcome
from edge_processor.delivery.ledger import Entry


def entry(offset: int, line_bytes: int = 0) -> Entry:
    """Return a stored reading of one of ten devices, filled up to a size in bytes."""
    filling = b"x" * line_bytes
    return offset, b'{"device_id":"d%d","x":"%b","offset":%d,"received_at":"2026-11-25T12:00:00.000Z"}' % (
        offset % 10,
        filling,
        offset,
    )


def entries(first: int, last: int) -> list[Entry]:
    """Return stored readings."""
    return [entry(offset) for offset in range(first, last + 1)]


class Shared:
    """Takes readings of both lanes one batch after another, as a destination with a limited rate does.

    Attributes:
        connected: as of a destination; the test sets and clears it.
        came: offsets that were confirmed, in order, by lane.
        poison: returns why a reading is rejected; None if it is not.
        batches: numbers of readings of the batches, in the order in which they were sent, by lane.
        at: when each reading was confirmed, in seconds of the event loop's clock.
    """

    def __init__(self, readings_per_second: float = float("inf")) -> None:
        self.connected = asyncio.Event()
        self.connected.set()
        self.last_error = "cut"
        self.came: dict[LaneName, list[int]] = {"live": [], "backlog": []}
        self.batches: dict[LaneName, list[int]] = {"live": [], "backlog": []}
        self.at: dict[int, float] = {}
        self.poison: Callable[[bytes], str | None] = lambda _: None
        self._free = asyncio.Event()
        self._free.set()
        self._rate = readings_per_second
        self._lock = asyncio.Lock()
        self._working: set[asyncio.Task[None]] = set()

    def sender(self, lane: LaneName) -> "SharedLane":
        """Return the sender of a lane."""
        return SharedLane(self, lane)

    async def run(self) -> None:
        """Do nothing."""

    def cut(self) -> None:
        """Confirm nothing, and be unconnected."""
        self._free.clear()
        self.connected.clear()

    def hold(self) -> None:
        """Confirm nothing, but seem connected: packets to it are dropped."""
        self._free.clear()

    def restore(self) -> None:
        """Confirm again."""
        self._free.set()
        self.connected.set()

    def send(self, lane: LaneName, batch: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Take a batch."""
        self.batches[lane].append(len(batch))
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._take(lane, batch, future))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return future

    async def _take(self, lane: LaneName, batch: Sequence[Entry], future: asyncio.Future[Outcome]) -> None:
        async with self._lock:
            await self._free.wait()
            await asyncio.sleep(len(batch) / self._rate)
        refused = [(at, why) for at, (_, line) in enumerate(batch) if (why := self.poison(line)) is not None]
        now = asyncio.get_running_loop().time()
        self.came[lane] += [offset for at, (offset, _) in enumerate(batch) if at not in dict(refused)]
        self.at |= dict.fromkeys((offset for offset, _ in batch), now)
        future.set_result(Outcome(tuple(refused)))


class SharedLane:
    """A lane of it."""

    def __init__(self, destination: Shared, lane: LaneName) -> None:
        self._destination = destination
        self._lane = lane

    def send(self, entries: Sequence[Entry]) -> asyncio.Future[Outcome]:
        """Take a batch."""
        return self._destination.send(self._lane, entries)
