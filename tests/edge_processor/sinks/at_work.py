"""A sink at work, as the ingester has it: with a real broker, a real store, and one who listens."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import orjson
from prometheus_client import CollectorRegistry

from edge_pacing.backoff import Backoff
from edge_processor.delivery.ledger import entries_of
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import IngestSession
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks import Sink, Sinks, build_sinks
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession, Subscription
from edge_service.store import StoreClient
from edge_wire.store import FencedError, RawMessage
from tests.edge_processor.site import RULES, SECONDS, Heard, Site

LEASE_SECONDS = 60.0


@dataclass(frozen=True)
class Destination:
    """Where a sink delivers, and how that is seen.

    Attributes:
        topic: what precedes the device's id.
        qos: of the messages.
        refused: name and labels of the metric that counts what the broker refuses.
        marks: whether it marks in the store what it has delivered: then the store fences it off.
    """

    topic: str
    qos: int
    refused: tuple[str, Mapping[str, str]]
    marks: bool


DESTINATIONS = {
    "outbox": Destination("alerts", 2, ("edge_processor_alerts_sent_total", {"state": "refused"}), marks=True),
    "sensors": Destination(
        "cloud/sensors", 1, ("edge_processor_readings_unpublished_total", {"reason": "refused"}), marks=True
    ),
}
"""By the name of the sink; a new sink needs a row."""


def sinks(session: IngestSession, store: StoreClient, token: int, figures: CollectorRegistry) -> dict[str, Sink]:
    """Return the sinks of an ingester by their names, with settings that ask for none outside the site."""
    built = build_sinks(ProcessorSettings(), session, store, token, ProcessorMetrics(figures))
    return {sink.name: sink for sink in built.all}


def unconnected() -> dict[str, Sink]:
    """Return the sinks of an ingester that never runs, and that is configured for none outside the site."""
    return {sink.name: sink for sink in sinks_of(ProcessorSettings())}


def sinks_of(settings: ProcessorSettings) -> tuple[Sink, ...]:
    """Return the sinks of an ingester that never runs."""
    return built_of(settings).all


def built_of(settings: ProcessorSettings) -> Sinks:
    """Return the list of sinks of an ingester that never runs."""
    session = IngestSession(MqttOptions(BrokerAddress("127.0.0.1", 1), "edge-processor"))
    store, metrics = StoreClient("http://127.0.0.1:1"), ProcessorMetrics(CollectorRegistry())
    return build_sinks(settings, session, store, 1, metrics)


def value(number: int) -> float:
    """Return a value of its own for each number: every other one starts an alert, the next one clears it."""
    return -number if number % 2 else 100 + number


@dataclass
class AtWork:
    """A sink that runs, in a process that is the ingester.

    Attributes:
        sink: it.
        running: its task.
        session: with the broker.
        store: of the site.
        token: of the lease.
        figures: its metrics.
        device_id: of which readings are stored.
        destination: where it delivers.
    """

    sink: Sink
    running: asyncio.Task[None]
    session: IngestSession
    store: StoreClient
    token: int
    figures: CollectorRegistry
    device_id: str
    destination: Destination

    async def put(self, numbers: Iterable[int]) -> None:
        """Store readings as the ingester does, with an alert about each, and notify the sink."""
        now = dt.datetime.now(dt.UTC)
        payloads = [orjson.dumps({"sensor_type": "temperature", "value": value(number)}) for number in numbers]
        messages = [RawMessage(self.device_id, payload, now) for payload in payloads]
        stored = await self.store.store(messages, location="hall-1", token=self.token)
        assert len(stored.readings) == len(messages)
        self.sink.stored(entries_of([orjson.dumps(each) for each in stored.readings]), alerts=len(messages))

    async def await_empty_outbox(self) -> None:
        """Return once no alert of an earlier test waits, which was not marked as sent before that test ended."""
        if self.sink.name == "outbox":
            while await self.store.alerts_to_send():
                self.sink.stored([(1, b"{}")], alerts=1)
                await self.drained()

    def refused(self) -> float:
        """Return the number of messages that the broker refused."""
        metric, labels = self.destination.refused
        return self.figures.get_sample_value(metric, dict(labels)) or 0.0

    async def drained(self) -> None:
        async with asyncio.timeout(SECONDS):
            await self.sink.drained()

    async def delivered(self, heard: Heard, count: int) -> None:
        """Return once the first `count` readings are delivered: each at least once, and in order."""
        topic, expected = f"{self.destination.topic}/{self.device_id}", [value(number) for number in range(count)]
        await heard.until(lambda: {each["value"] for each in heard.payloads(topic)} >= {*expected})
        assert list(dict.fromkeys(each["value"] for each in heard.payloads(topic))) == expected
        assert {message.qos for message in heard.messages if message.topic == topic} == {self.destination.qos}


@asynccontextmanager
async def at_work(site: Site, name: str, device_id: str, username: str = "~processor") -> AsyncIterator[AtWork]:
    """Run one sink as the ingester does; the lease and the connection end with it."""
    # The site's fixture starts the store without waiting for it.
    await asyncio.to_thread(site.store.await_ready)
    options = MqttOptions(
        BrokerAddress.parse(site.broker.components_url), "edge-processor", site.broker.credentials(username)
    )
    figures = CollectorRegistry()
    async with (
        StoreClient(site.store_url) as store,
        IngestSession(options, backoff=Backoff(0.05, 0.2)) as session,
        asyncio.timeout(3 * SECONDS),
    ):
        await session.connected.wait()
        lease = await store.acquire_lease(device_id, LEASE_SECONDS)
        await store.put_rules(RULES["rules"], token=lease.token)
        sink = sinks(session, store, lease.token, figures)[name]
        running = asyncio.create_task(sink.run(), name=sink.name)
        try:
            yield AtWork(sink, running, session, store, lease.token, figures, device_id, DESTINATIONS[name])
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError, FencedError):
                await running
            await store.release_lease(device_id, lease.token)


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Heard]:
    """Listen with a durable session: no restart of the broker loses what it has acknowledged."""
    heard = Heard()
    options = MqttOptions(
        BrokerAddress.parse(site.broker.url),
        "~scada",
        site.broker.credentials("~scada"),
        clean_start=False,
        session_expiry=300,
        subscriptions=(Subscription("cloud/sensors/#", qos=2), Subscription("alerts/+", qos=2)),
    )
    async with MqttSession(options, heard, backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield heard
