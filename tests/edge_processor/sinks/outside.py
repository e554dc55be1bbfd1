"""A sink of readings at work: a real store, and a destination in the test."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import orjson

from edge_processor.delivery.destination import LaneName, Sender
from edge_processor.delivery.lanes.lane import LaneOptions
from edge_processor.delivery.ledger import Entry, entries_of
from edge_processor.delivery.reading_sink import ReadingSink, SinkOptions
from edge_service.store import StoreClient
from edge_wire.store import FencedError, RawMessage
from tests.edge_processor.delivery.sending import Shared
from tests.edge_processor.site import Site

LEASE_SECONDS = 300.0
SECONDS = 60.0
PAGE_READINGS = 4000


@dataclass
class Outside:
    """A sink of readings that runs.

    Attributes:
        sink: it.
        destination: where it delivers.
        store: of the site.
        token: of the lease.
        newest: the newest offset.
    """

    sink: ReadingSink
    destination: Shared
    store: StoreClient
    token: int
    newest: int

    async def write(self, count: int, device_id: str = "d1") -> list[Entry]:
        """Store readings in one message, and return them."""
        first, self.newest = self.newest, self.newest + count
        payload = orjson.dumps([{"sensor_type": "temperature", "value": number} for number in range(count)])
        await self.store.store(
            [RawMessage(device_id, payload, dt.datetime.now(dt.UTC))],
            location="hall-1",
            token=self.token,
            readings=False,
        )
        return entries_of((await self.store.log(first, count, 4 * 1024 * 1024)).lines)

    async def put(self, count: int) -> list[Entry]:
        """Store readings as the ingester does, and notify the sink."""
        stored = await self.write(count)
        self.sink.stored(stored, alerts=0)
        return stored

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return once a condition holds."""
        async with asyncio.timeout(SECONDS):
            while not holds():  # noqa: ASYNC110 - the destination tells of no event
                await asyncio.sleep(0.01)

    async def all_came(self) -> None:
        """Return once all stored readings are confirmed."""
        await self.until(lambda: self.sink.ledger.delivered.done == self.newest)

    @property
    def came(self) -> list[int]:
        """The offsets that were confirmed, in both lanes."""
        return [*self.destination.came["live"], *self.destination.came["backlog"]]


OPTIONS = SinkOptions("cloud", LaneOptions(500, linger_seconds=0.05), LaneOptions(2000))


@asynccontextmanager
async def outside(site: Site, destination: Shared, options: SinkOptions = OPTIONS) -> AsyncIterator[Outside]:
    """Run a sink as the ingester does; the lease ends with it."""
    await asyncio.to_thread(site.store.await_ready)
    async with StoreClient(site.store_url) as store:
        lease = await store.acquire_lease("outside", LEASE_SECONDS)
        senders: dict[LaneName, Sender] = {"live": destination.sender("live"), "backlog": destination.sender("backlog")}
        sink = ReadingSink(options, destination.connected, senders, store, lease.token, lambda *_: None)
        newest = (await store.log(0, 0, 1)).newest_offset
        running = asyncio.create_task(sink.run())
        try:
            work = Outside(sink, destination, store, lease.token, newest)
            await work.until(lambda: sink.ledger.has_begun)
            yield work
            # The next test owes nothing of this one.
            await sink.drained()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, FencedError):
                await running
            await store.release_lease("outside", lease.token)
