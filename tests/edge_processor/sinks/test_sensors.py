"""Everything that is stored comes out on cloud/sensors, whatever ends in the middle of it; real processes."""

import asyncio
import datetime as dt
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import orjson
import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import Message, MqttOptions, MqttSession, Subscription
from edge_service.store import StoreClient
from edge_storage.database.connections import open_writer
from edge_wire.store import CLOUD_SENSORS, Cursor, RawMessage
from edge_wire.store.line import offset_of
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.support.processes import eventually

SECONDS = 60.0
DEVICES = ("d1", "d2", "d3")
READINGS = 500
"""Of each device, in one burst."""

BY_HTTP = 60


class Sensors:
    """A subscriber of cloud/sensors.

    Attributes:
        lines: what came, by offset, each form once.
        offsets: of what came, in order, repeats too.
    """

    def __init__(self) -> None:
        self.lines: dict[int, set[bytes]] = defaultdict(set)
        self.offsets: list[int] = []
        self._more = asyncio.Event()

    def __call__(self, message: Message) -> None:
        offset = offset_of(message.payload)
        self.lines[offset].add(message.payload)
        self.offsets.append(offset)
        self._more.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not holds():
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def subscriber(site: Site) -> AsyncIterator[Sensors]:
    """Subscribe with a durable session: no restart of the broker loses what it has acknowledged."""
    came = Sensors()
    options = MqttOptions(
        BrokerAddress.parse(site.broker.url),
        "~scada",
        site.broker.credentials("~scada"),
        clean_start=False,
        session_expiry=300,
        subscriptions=(Subscription("cloud/sensors/#"),),
    )
    async with MqttSession(options, came, backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield came


def payload(session: str, seq: int) -> bytes:
    return orjson.dumps({"sensor_type": "t", "value": seq / 7, "session": session, "seq": seq, "metadata": {"ä": 1.5}})


async def burst(site: Site, device_id: str, session: str = "s") -> None:
    """Publish readings as one device until each is acknowledged."""
    async with site.device(device_id) as device:
        owed = list(range(READINGS))
        while owed:
            async with asyncio.timeout(SECONDS):
                await device.connected.wait()
            sent = [device.send(f"devices/{device_id}/data", payload(session, seq)) for seq in owed]
            answers = await asyncio.gather(*sent, return_exceptions=True)
            owed = [seq for seq, answer in zip(owed, answers, strict=True) if isinstance(answer, Exception)]


async def by_http(site: Site, session: str = "h") -> None:
    """Store readings as the gateway does, one after the other, while the store is there."""
    async with StoreClient(site.store_url, attempts=1) as store:
        for seq in range(BY_HTTP):
            now = dt.datetime.now(dt.UTC)
            await retried(lambda seq=seq, now=now: put(store, RawMessage("d4", payload(session, seq), now)))  # type: ignore[misc]
            await asyncio.sleep(0.02)  # between other readings, as HTTP comes


async def put(store: StoreClient, *messages: RawMessage) -> None:
    await store.store(messages, location="hall-1")


async def retried(work: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await work()
            except Exception:  # noqa: BLE001 - the store is not running
                await asyncio.sleep(0.05)


async def log(site: Site) -> dict[int, bytes]:
    """Return all that is stored, by offset."""
    found: dict[int, bytes] = {}
    async with StoreClient(site.store_url) as store:
        while (page := await store.log(max(found, default=0), 5000, 4_000_000)).lines:
            found.update((offset_of(line), line) for line in page.lines)
    return found


async def assert_all_came(site: Site, came: Sensors, count: int) -> None:
    """Check that `count` readings are stored, that all of them come, and that repeats are identical."""
    async with asyncio.timeout(SECONDS):
        while len(await log(site)) < count:  # noqa: ASYNC110 - the store tells of no event
            await asyncio.sleep(0.2)
    stored = await log(site)
    assert len(stored) == count
    await came.until(lambda: came.lines.keys() >= stored.keys())
    assert {offset: {line} for offset, line in stored.items()} == came.lines


async def cursor(site: Site) -> Cursor | None:
    async with StoreClient(site.store_url) as store:
        return await store.cursor(CLOUD_SENSORS)


async def restarted(process: ServiceProcess, *, kill: bool) -> None:
    if kill:
        await asyncio.to_thread(process.kill)
    else:
        # Before it is ready it may not handle the signal yet.
        await asyncio.to_thread(process.await_ready)
        assert await asyncio.to_thread(process.stop) == 0
    await asyncio.to_thread(process.start)


def victims(site: Site, processor: ServiceProcess) -> dict[str, Callable[[], Awaitable[None]]]:
    async def broker() -> None:
        await asyncio.to_thread(site.broker.stop)
        await asyncio.to_thread(site.broker.start)

    async def both() -> None:
        await restarted(processor, kill=True)
        await restarted(site.store, kill=True)

    return {
        "processor killed": lambda: restarted(processor, kill=True),
        "processor stopped": lambda: restarted(processor, kill=False),
        "store killed": lambda: restarted(site.store, kill=True),
        "store stopped": lambda: restarted(site.store, kill=False),
        "broker restarted": broker,
        "both killed": both,
    }


@pytest.mark.parametrize(
    "victim",
    ["processor killed", "processor stopped", "store killed", "store stopped", "broker restarted", "both killed"],
)
async def test_g5_everything_stored_comes_out(victim: str, site: Site) -> None:
    processor = await asyncio.to_thread(lambda: site.processor(LEASE_SECONDS="1s").start().await_ready())
    async with subscriber(site) as came:
        sending = [asyncio.create_task(burst(site, device_id)) for device_id in DEVICES]
        sending.append(asyncio.create_task(by_http(site)))
        for share in (0.1, 0.4):
            await came.until(lambda share=share: len(came.lines) > share * READINGS * len(DEVICES))  # type: ignore[misc]
            await victims(site, processor)[victim]()
        await asyncio.gather(*sending)
        await assert_all_came(site, came, READINGS * len(DEVICES) + BY_HTTP)


async def test_g5_a_standby_goes_on(site: Site) -> None:
    replicas = [site.processor(name, LEASE_SECONDS="1s").start().await_ready() for name in ("first", "second")]
    async with subscriber(site) as came:
        sending = [asyncio.create_task(burst(site, device_id)) for device_id in DEVICES]
        await came.until(lambda: len(came.lines) > READINGS / 2)
        holder = max(replicas, key=lambda replica: replica.metric("edge_processor_lease_held"))
        await asyncio.to_thread(holder.kill)
        await asyncio.gather(*sending)
        await assert_all_came(site, came, READINGS * len(DEVICES))


async def test_after_a_stop_in_good_order_nothing_is_repeated(site: Site) -> None:
    processor = await asyncio.to_thread(lambda: site.processor().start().await_ready())
    async with subscriber(site) as came:
        await burst(site, "d1")
        await came.until(lambda: len(came.lines) == READINGS)
        assert await asyncio.to_thread(processor.stop) == 0
        assert await cursor(site) == Cursor(max(came.lines))
        await restarted(site.store, kill=True)
        await asyncio.to_thread(lambda: processor.start().await_ready())
        await burst(site, "d2", "again")
        await came.until(lambda: len(came.lines) == 2 * READINGS)
        assert len(came.offsets) == 2 * READINGS
        await asyncio.to_thread(
            eventually, "all is confirmed", lambda: processor.metric("edge_processor_readings_unsent") == 0
        )


async def test_a_kill_repeats_about_a_second_and_no_more(site: Site) -> None:
    processor = await asyncio.to_thread(lambda: site.processor(LEASE_SECONDS="1s").start().await_ready())
    async with subscriber(site) as came:
        await burst(site, "d1")
        await came.until(lambda: len(came.lines) == READINGS)
        written = "the cursor is written"
        async with asyncio.timeout(SECONDS):
            while (await cursor(site) or Cursor()).done < max(came.lines):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)
        await asyncio.to_thread(processor.kill)
        await asyncio.to_thread(lambda: processor.start().await_ready())
        await burst(site, "d2", "again")
        await came.until(lambda: len(came.lines) == 2 * READINGS)
        assert len(came.offsets) == 2 * READINGS, written


async def test_a_new_store_owes_what_came_by_http_before_the_first_ingester(site: Site) -> None:
    await asyncio.to_thread(site.store.await_ready)
    await by_http(site)
    async with subscriber(site) as came:
        await asyncio.to_thread(lambda: site.processor().start().await_ready())
        await assert_all_came(site, came, BY_HTTP)
        assert came.offsets == sorted(came.offsets)


async def test_readings_of_a_release_without_cursors_are_not_published_again(site: Site) -> None:
    await asyncio.to_thread(site.store.await_ready)
    await by_http(site)
    await asyncio.to_thread(site.store.stop)
    database = open_writer(site.directory / "data")
    database.execute("DELETE FROM cursor")
    database.close()
    await asyncio.to_thread(lambda: site.store.start().await_ready())
    async with subscriber(site) as came:
        await asyncio.to_thread(lambda: site.processor().start().await_ready())
        await burst(site, "d1")
        await came.until(lambda: len(came.lines) >= READINGS)
    assert min(came.lines) == BY_HTTP + 1


async def test_a_reading_by_http_comes_within_half_a_second(site: Site) -> None:
    await asyncio.to_thread(lambda: site.processor().start().await_ready())
    took: list[float] = []
    async with subscriber(site) as came, StoreClient(site.store_url) as store:
        for seq in range(9):
            now = dt.datetime.now(dt.UTC)
            await put(store, RawMessage("d4", payload("h", seq), now))
            began = time.monotonic()
            await came.until(lambda seq=seq: len(came.lines) > seq)  # type: ignore[misc]
            took.append(time.monotonic() - began)
    assert sorted(took)[len(took) // 2] < 0.5, took


async def test_what_no_queue_holds_comes_from_the_log_and_live_readings_do_not_wait(site: Site) -> None:
    """While the broker is not running, other readings are stored by HTTP; live ones come before the last of them."""
    await asyncio.to_thread(site.store.await_ready)
    async with subscriber(site) as came, StoreClient(site.store_url) as store:
        old = [RawMessage("d4", payload("h", seq), dt.datetime.now(dt.UTC)) for seq in range(8_000)]
        for first in range(0, len(old), 4000):
            await put(store, *old[first : first + 4000])
        await asyncio.to_thread(lambda: site.processor().start().await_ready())
        async with site.device("d1") as device:
            await device.publish("devices/d1/data", payload("s", 0))
        await assert_all_came(site, came, len(old) + 1)
    place = came.offsets.index(len(old) + 1)
    assert place < len(old) / 2
    rest: Iterable[int] = [offset for offset in came.offsets if offset <= len(old)]
    assert list(rest) == sorted(rest)
