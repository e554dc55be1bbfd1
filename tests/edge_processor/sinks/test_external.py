"""A sink to a destination outside the site: readings, alerts, what is rejected, what is sent again; a real store."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from edge_processor.delivery import resends
from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError
from edge_processor.delivery.ledger import entries_of
from edge_processor.metrics import ProcessorMetrics
from edge_processor.sinks.declaration import Declaration
from edge_processor.sinks.external import ExternalSink, Target
from edge_service.store import StoreClient
from edge_wire.store import FencedError, OutboxAlert, RawMessage
from edge_wire.store.line import offset_of
from tests.edge_processor.delivery.sending import Shared
from tests.edge_processor.sinks.outside import LEASE_SECONDS, OPTIONS
from tests.edge_processor.site import RULES, SECONDS, Site

LOG_ID_CHARACTERS = 32


class FarEnd(Shared):
    """A destination of readings and alerts.

    Attributes:
        alerts: that were confirmed, as device and state.
        refused_devices: of which alerts are rejected.
        failures: errors of the next calls.
        bugs: unexpected errors of the next calls.
        ids: of the alerts.
        runs: how often it was started.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alerts: list[tuple[str, str]] = []
        self.refused_devices: set[str] = set()
        self.failures: list[DeliveryError] = []
        self.bugs: list[Exception] = []
        self.ids: list[int] = []
        self.calls = 0
        self.runs = 0
        self.breaks = False

    async def send_alerts(self, alerts: Sequence[OutboxAlert]) -> None:
        self.calls += 1
        if self.bugs:
            raise self.bugs.pop()
        if self.failures:
            raise self.failures.pop(0)
        self.ids += [each.id for each in alerts]
        if not self.connected.is_set():
            raise DeliveryError("cut")
        refused = [(at, "poison") for at, each in enumerate(alerts) if each.alert["device_id"] in self.refused_devices]
        taken = [each.alert for at, each in enumerate(alerts) if at not in dict(refused)]
        self.alerts += [(alert["device_id"], alert["state"]) for alert in taken]
        if refused:
            raise AlertsRefusedError(refused)

    async def run(self) -> None:
        self.runs += 1
        if self.breaks:
            raise RuntimeError("broken")
        await asyncio.Event().wait()


@dataclass
class External:
    """A sink that runs.

    Attributes:
        sink: it.
        running: its task.
        far_end: where it delivers.
        store: of the site.
        token: of the lease.
        figures: its metrics.
    """

    sink: ExternalSink
    running: asyncio.Task[None]
    far_end: FarEnd
    store: StoreClient
    token: int
    figures: CollectorRegistry
    offsets: list[int] = field(default_factory=list)

    async def put(self, device_id: str, *values: float) -> list[int]:
        """Store readings, and notify the sink; return their offsets."""
        payloads = [orjson.dumps({"sensor_type": "temperature", "value": value}) for value in values]
        messages = [RawMessage(device_id, payload, dt.datetime.now(dt.UTC)) for payload in payloads]
        stored = await self.store.store(messages, location="hall-1", token=self.token)
        lines = [orjson.dumps(each) for each in stored.readings]
        self.sink.stored(entries_of(lines), alerts=1)
        return [offset_of(line) for line in lines]

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(SECONDS):
            while not holds():  # noqa: ASYNC110 - the far end tells of no event
                await asyncio.sleep(0.01)

    async def letters(self) -> list[dict[str, Any]]:
        """Return the dead letters of the sink, oldest first."""
        page = await self.store.dead_letters(sink="cloud")
        return [dict(each) for each in reversed(page.items)]

    async def kept(self, count: int) -> list[dict[str, Any]]:
        """Return the dead letters of the sink once there are so many."""
        async with asyncio.timeout(SECONDS):
            while len(letters := await self.letters()) != count:  # noqa: ASYNC110 - the store tells of no event
                await asyncio.sleep(0.02)
        return letters

    def figure(self, name: str) -> float | None:
        return self.figures.get_sample_value(f"edge_processor_sink_{name}", {"sink": "cloud"})


@asynccontextmanager
async def external(
    site: Site, far_end: FarEnd | None = None, error: Exception | None = None
) -> AsyncIterator[External]:
    """Run a sink as the ingester does."""
    await asyncio.to_thread(site.store.await_ready)
    far_end = far_end or FarEnd()

    def connect(log_id: str) -> FarEnd:
        assert len(log_id) == LOG_ID_CHARACTERS
        if error is not None:
            raise error
        return far_end

    figures = CollectorRegistry()
    async with StoreClient(site.store_url) as store:
        lease = await store.acquire_lease("external", LEASE_SECONDS)
        await store.put_rules(RULES["rules"], token=lease.token)
        declaration = Declaration(["cloud"], ["cloud"], store, lease.token)
        target = Target("cloud", connect, OPTIONS)
        sink = ExternalSink(target, declaration, store, lease.token, ProcessorMetrics(figures))
        running = asyncio.create_task(sink.run(), name=sink.name)
        await declaration.run()
        work = External(sink, running, far_end, store, lease.token, figures)
        try:
            await work.until(lambda: sink.ledger is not None and sink.ledger.has_begun)
            yield work
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, FencedError):
                await running
            await store.release_lease("external", lease.token)


async def test_a_rejected_reading_is_a_dead_letter_and_holds_up_no_other(site: Site) -> None:
    far_end = FarEnd()
    far_end.poison = lambda line: "value 13 is poison" if b'"value":13' in line else None
    async with external(site, far_end) as work:
        offsets = await work.put("d1", 12, 13, 14)
        await work.until(lambda: work.sink.pending == 0)
        (letter,) = await work.letters()
        assert (letter["offset"], letter["device_id"], letter["sink"]) == (offsets[1], "d1", "cloud")
        assert letter["message"] == "value 13 is poison"
        assert far_end.came["live"] == [offsets[0], offsets[2]]
        assert (work.figure("delivered_total"), work.figure("rejected_total")) == (2.0, 1.0)


async def test_without_the_store_a_rejected_reading_is_not_confirmed(site: Site) -> None:
    far_end = FarEnd()
    async with external(site, far_end) as work:
        far_end.poison = lambda _: "no"
        far_end.hold()
        (offset,) = await work.put("d1", 1)
        await asyncio.to_thread(site.store.kill)
        far_end.restore()
        await work.until(lambda: offset in far_end.at)
        await asyncio.sleep(0.5)
        assert work.sink.pending == 1
        await asyncio.to_thread(lambda: site.store.start().await_ready())
        await work.until(lambda: work.sink.pending == 0)
        assert [each["offset"] for each in await work.letters()] == [offset]


async def test_a_dead_letter_that_is_sent_again_is_delivered_and_deleted_or_stays_with_the_new_reason(
    site: Site,
) -> None:
    far_end = FarEnd()
    far_end.poison = lambda _: "no"
    async with external(site, far_end) as work:
        first, second = await work.put("d1", 1, 2)
        await work.kept(2)
        far_end.poison = lambda line: None if offset_of(line) == first else "still no"
        for letter in await work.letters():
            await work.store.resend_dead_letter(letter["id"], b"", location="hall-1")
        (letter,) = await work.kept(1)
        assert (letter["offset"], letter["message"]) == (second, "still no")
        assert far_end.came["backlog"] == [first]


async def test_alerts_come_in_order_and_once(site: Site) -> None:
    async with external(site) as work:
        for _ in range(3):
            await work.put("d1", 90, 20)
        await work.until(lambda: len(work.far_end.alerts) == 6)
        await asyncio.sleep(0.3)
        assert work.far_end.alerts == [("d1", "firing"), ("d1", "cleared")] * 3
        cursor = await work.store.alert_cursor("cloud")
        assert cursor == (await work.store.alerts_log(0, 100))[1]
        assert work.figure("alerts_delivered_total") == 6
    async with external(site) as work:
        await work.put("d2", 90)
        await work.until(lambda: work.far_end.alerts)
        assert work.far_end.alerts == [("d2", "firing")]


async def test_a_rejected_alert_is_a_dead_letter_and_can_be_sent_again(site: Site) -> None:
    async with external(site) as work:
        work.far_end.refused_devices = {"d2"}
        for device_id in ("d1", "d2", "d3"):
            await work.put(device_id, 90)
        await work.until(lambda: len(work.far_end.alerts) == 2)
        assert work.far_end.alerts == [("d1", "firing"), ("d3", "firing")]
        (letter,) = await work.kept(1)
        assert (letter["offset"], letter["device_id"], letter["message"]) == (None, "d2", "poison")
        work.far_end.refused_devices = set()
        await work.store.resend_dead_letter(letter["id"], b"", location="hall-1")
        await work.kept(0)
        assert work.far_end.alerts[2:] == [("d2", "firing")]


async def test_an_alert_that_cannot_be_sent_again_repeats_no_reading(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resends, "POLL_SECONDS", 0.1)
    far_end = FarEnd()
    far_end.poison = lambda _: "no"
    async with external(site, far_end) as work:
        far_end.refused_devices = {"d2"}
        (offset,) = await work.put("d2", 90)
        letters = await work.kept(2)
        far_end.poison, far_end.refused_devices = lambda _: None, set()
        far_end.failures = [DeliveryError("500") for _ in range(1000)]
        for letter in letters:
            await work.store.resend_dead_letter(letter["id"], b"", location="hall-1")
        (alert,) = await work.kept(1)
        await asyncio.sleep(0.5)
        assert (alert["offset"], far_end.came["backlog"]) == (None, [offset])
        far_end.failures = []
        await work.kept(0)
        assert far_end.ids[-1] == -alert["id"]


async def test_a_task_that_breaks_is_started_again(site: Site) -> None:
    far_end = FarEnd()
    async with external(site, far_end) as work:
        far_end.bugs = [KeyError("x")]
        await work.put("d1", 90)
        await work.until(lambda: far_end.alerts == [("d1", "firing")])
        assert not work.running.done()


async def test_a_destination_that_asks_for_a_pause_gets_it(site: Site) -> None:
    async with external(site) as work:
        work.far_end.failures = [DeliveryError("429", retry_after_seconds=1.0)]
        before = work.far_end.calls
        await work.put("d1", 90)
        await work.until(lambda: work.far_end.calls == before + 1)
        work.far_end.cut()
        await asyncio.sleep(0.4)
        work.far_end.restore()
        await asyncio.sleep(0.4)
        assert work.far_end.calls == before + 1
        await work.until(lambda: work.far_end.alerts == [("d1", "firing")])


async def test_alerts_of_an_outage_come_when_it_ends(site: Site) -> None:
    async with external(site) as work:
        work.far_end.cut()
        for _ in range(2):
            await work.put("d1", 90, 20)
        await asyncio.sleep(0.5)
        assert work.far_end.alerts == []
        work.far_end.restore()
        await work.until(lambda: work.far_end.alerts == [("d1", "firing"), ("d1", "cleared")] * 2)


async def test_a_destination_that_breaks_is_started_again(site: Site) -> None:
    far_end = FarEnd()
    far_end.breaks = True
    async with external(site, far_end) as work:
        await work.until(lambda: far_end.runs == 1)
        assert not work.sink.is_connected
        assert "RuntimeError('broken')" in work.sink.last_error
        far_end.breaks = False
        await work.until(lambda: far_end.runs == 2)
        far_end.restore()
        await work.put("d1", 1)
        await work.until(lambda: work.sink.pending == 0)
        assert not work.running.done()


async def test_a_sink_that_is_not_usable_keeps_its_readings_in_the_store(site: Site) -> None:
    async with external(site, error=ValueError("CLOUD_ENDPOINT ftp://x: use https or mqtts")) as work:
        await work.put("d1", 1, 2)
        await asyncio.sleep(0.3)
        assert (work.sink.is_connected, work.sink.last_error) == (False, "CLOUD_ENDPOINT ftp://x: use https or mqtts")
        assert work.sink.pending == 2
        async with asyncio.timeout(SECONDS):
            await work.sink.drained()
    async with external(site) as work:
        await work.until(lambda: len(work.far_end.came["backlog"]) == 2)


async def test_a_sink_that_is_fenced_off_ends(site: Site) -> None:
    async with external(site) as work:
        await work.store.release_lease("external", work.token)
        successor = await work.store.acquire_lease("successor", LEASE_SECONDS)
        work.token = successor.token
        await work.put("d1", 90)
        with pytest.raises(FencedError):
            await work.running
        await work.store.release_lease("successor", successor.token)
