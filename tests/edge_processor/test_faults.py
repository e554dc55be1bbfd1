"""G5: what a device's broker has acknowledged is stored exactly once, whatever is killed; real processes under load."""

import asyncio
import datetime as dt
import time
from itertools import chain
from signal import SIGCONT, SIGSTOP

from edge_processor.batcher import FULL_BATCHES
from edge_processor.ingest import MAX_IN_FLIGHT
from edge_service.mqtt import MqttSession
from edge_service.store import StoreClient
from edge_wire.store import RawMessage
from tests.edge_processor.site import Heard, Site
from tests.edge_service.process import ServiceProcess
from tests.support.processes import eventually
from tests.support.run_delay import run_delay

DEVICES = 20
RATE = 25.0
"""Readings a second of each device: 500 in all."""

TAKEOVER_SECONDS = 3.0


def acknowledged(fleet: ServiceProcess) -> set[tuple[str, str, int]]:
    """Return what the broker has acknowledged to the devices."""
    events = (event for event in fleet.events() if event["event"] == "acknowledged")
    return {(event["device"], event["session"], event["seq"]) for event in events}


def assert_exactly_once(site: Site, fleet: ServiceProcess) -> None:
    """End the fleet, then check the store against what its devices had acknowledged."""
    assert fleet.stop() == 0
    owed = acknowledged(fleet)
    assert len(owed) > DEVICES * 10

    def stored() -> list[tuple[str, str, int]]:
        return [(reading["device_id"], reading["session"], reading["seq"]) for reading in site.readings()]

    eventually("all is stored", lambda: owed <= set(stored()), 60, pause=0.5)
    found = stored()
    assert len(found) == len(set(found))


def test_g5_killed_processor_and_store_lose_nothing(site: Site) -> None:
    processor = site.processor(LEASE_SECONDS="1s").start().await_ready()
    fleet = site.fleet(DEVICES, RATE).start()
    eventually("readings come", lambda: next(site.readings(), None) is not None)
    for _ in range(3):
        for victim in (processor, site.store):
            time.sleep(1)  # under load, at any moment
            victim.kill()
            victim.start()
    site.store.await_ready()
    processor.await_ready()
    assert_exactly_once(site, fleet)


def connected_at(processor: ServiceProcess) -> dt.datetime:
    """Return when it says that it connected: to ask it over HTTP takes long where the machine has much to do."""
    connects = [line["time"] for line in processor.lines() if line["message"].startswith("connected to")]
    return dt.datetime.fromisoformat(connects[-1])


def test_g5_a_standby_takes_over_when_the_ingester_is_killed(site: Site) -> None:
    replicas = [site.processor(name).start().await_ready() for name in ("first", "second")]
    assert [replica.metric("edge_processor_lease_held") for replica in replicas] == [1.0, 0.0]
    fleet = site.fleet(DEVICES, RATE).start()
    eventually("readings come", lambda: next(site.readings(), None) is not None)
    for _ in range(2):
        holder, standby = sorted(replicas, key=lambda replica: -replica.metric("edge_processor_lease_held"))
        killed_at, waited = dt.datetime.now(dt.UTC), run_delay(standby.pid, site.store.pid)
        holder.kill()
        eventually("taken over", lambda: standby.metric("edge_processor_broker_connected") == 1.0)  # noqa: B023
        # What they waited for a core on a machine that has too much to do is not theirs.
        waited = run_delay(standby.pid, site.store.pid) - waited
        assert (connected_at(standby) - killed_at).total_seconds() - waited < TAKEOVER_SECONDS + 0.5
        holder.start().await_ready()
        assert standby.metric("edge_processor_lease_held") == 1.0
    assert_exactly_once(site, fleet)


def test_g5_a_stopped_ingester_that_comes_back_does_nothing(site: Site) -> None:
    zombie = site.processor("zombie").start().await_ready()
    successor = site.processor("successor").start().await_ready()
    fleet = site.fleet(DEVICES, RATE).start()
    eventually("readings come", lambda: next(site.readings(), None) is not None)
    zombie.signal(SIGSTOP)
    eventually("taken over", lambda: successor.metric("edge_processor_broker_connected") == 1.0)
    zombie.signal(SIGCONT)
    eventually("it sees that it is over", lambda: any("no longer the ingester" in line for line in zombie.messages()))
    zombie.await_ready()
    connects = [line for line in zombie.messages() if line.startswith("connected to")]
    assert len(connects) == 1
    assert successor.metric("edge_processor_broker_connected") == 1.0
    assert [line for line in successor.messages() if "connection to" in line and "ended" in line] == []
    assert_exactly_once(site, fleet)


async def test_g5_alerts_outlast_the_ingester(site: Site) -> None:
    """An alert that a reading at another door raised while no ingester was there is sent by the next one."""
    processor = await asyncio.to_thread(lambda: site.processor().start().await_ready())
    processor.kill()
    async with StoreClient(site.store_url) as store:
        hot = b'{"sensor_type":"temperature","value":99}'
        await store.store([RawMessage("d1", hot, dt.datetime.now(dt.UTC))], location="hall-1")
    async with site.listener("~scada", "alerts/+") as heard:
        processor.start()
        (alert,) = await heard.on("alerts/d1")
    assert (alert["value"], alert["threshold"], alert["state"]) == (99, 80, "firing")


def test_sigterm_finishes_acknowledges_and_hands_over(site: Site) -> None:
    first = site.processor("first", LEASE_SECONDS="30s").start().await_ready()
    second = site.processor("second", LEASE_SECONDS="30s").start().await_ready()
    fleet = site.fleet(DEVICES, RATE).start()
    eventually("readings come", lambda: next(site.readings(), None) is not None)
    assert first.stop() == 0
    eventually("handed over long before the lease's end", lambda: second.metric("edge_processor_lease_held"), 2.0)
    assert not any("not stored in time" in line for line in first.messages())
    eventually("it works", lambda: second.metric("edge_processor_readings_stored_total") > 300)
    assert second.metric("edge_processor_readings_repeated_total") == 0
    assert_exactly_once(site, fleet)


async def test_without_the_store_nothing_is_acknowledged_and_little_held(site: Site) -> None:
    processor = site.processor(BATCH_MESSAGES="50").start().await_ready()
    async with site.device() as device:
        await device.publish("devices/d1/data", b'{"sensor_type":"t","value":0,"session":"s","seq":0}')
        await asyncio.to_thread(site.await_stored, 1)
        site.store.kill()
        await send(device, range(1, 301))
        await asyncio.to_thread(eventually, "it waits", lambda: processor.metric("edge_processor_store_failures_total"))
        assert processor.metric("edge_processor_messages_total") <= 1 + MAX_IN_FLIGHT * 50
        site.broker.stop()
        site.broker.start()
        await asyncio.to_thread(site.store.start().await_ready)
        await asyncio.to_thread(site.await_stored, 301)
    assert sorted(reading["seq"] for reading in site.readings()) == list(range(301))


async def send(device: MqttSession, seqs: range) -> None:
    """Publish readings with these numbers."""
    for seq in seqs:
        await device.publish("devices/d1/data", b'{"sensor_type":"t","value":0,"session":"s","seq":%d}' % seq)


def lags(heard: Heard) -> list[float | None]:
    return [digest["queue_lag_seconds"] for digest in heard.digests()]


async def test_without_the_store_digests_say_that_silence_means_nothing(site: Site) -> None:
    processor = site.processor(BATCH_MESSAGES="5", DRAIN_SECONDS="1s").start().await_ready()
    async with site.listener("~gateway", "edge/activity", "edge/status/processor") as heard, site.device() as device:
        site.store.kill()
        await send(device, range(20))
        before = len(lags(heard))
        # Queued messages are counted though no device sent any.
        await heard.until(lambda: sum(lag is None or lag > 1 for lag in lags(heard)[before:]) >= 3)
        began = time.monotonic()
        assert await asyncio.to_thread(processor.stop) == 0
        assert time.monotonic() - began < 9, "it waits for the store as long as it is set to, not for 10 s"
        told = heard.payloads("edge/status/processor")
        assert told[-1]["status"] == "offline", "it goes without having stored everything, and says that it goes"


async def test_digests_say_it_too_if_the_lag_cannot_be_measured(site: Site) -> None:
    site.forbid_markers()
    site.processor(BATCH_MESSAGES="5").start().await_ready()
    async with site.listener("~gateway", "edge/activity") as heard, site.device() as device:
        site.store.kill()
        await send(device, range(20))
        before = len(lags(heard))
        # No device sent anything, and a digest is published all the same.
        await heard.until(lambda: sum(digest["ages"] == {} for digest in heard.digests()[before:]) >= 3)
        site.store.start().await_ready()
        await asyncio.to_thread(site.await_stored, 20)
        await heard.quiet()


async def test_a_request_without_the_store_is_answered_with_a_digest_now_and_the_arrivals_later(site: Site) -> None:
    site.processor().start().await_ready()
    async with site.listener("~gateway", "edge/activity") as heard, site.device() as device:
        await site.await_caught_up(heard)
        await device.publish("devices/d1/data", b'{"sensor_type":"t","value":0}')
        await asyncio.to_thread(site.await_stored, 1)
        site.store.kill()
        before = len(heard.answers())
        await site.ask_for_activity()
        await heard.until(lambda: len(heard.answers()) > before)
        assert heard.answers()[-1]["ages"] == {}
        site.store.start().await_ready()
        await heard.until(lambda: heard.answers()[-1]["ages"])
        assert list(heard.answers()[-1]["ages"]) == ["d1"]
        await heard.quiet()


async def test_next_ingester_answers_what_the_one_before_did_not(site: Site) -> None:
    processor = site.processor().start().await_ready()
    async with site.listener("~gateway", "edge/activity") as heard, site.device() as device:
        await site.await_caught_up(heard)
        await device.publish("devices/d1/data", b'{"sensor_type":"t","value":0}')
        await asyncio.to_thread(site.await_stored, 1)
        # Unacknowledged messages are sent to the next one again, without their first send time.
        stored = "edge_processor_readings_stored_total"
        await asyncio.to_thread(eventually, "it is acknowledged", lambda: processor.metric(stored) >= 1)
        site.store.kill()
        await site.ask_for_activity()
        processor.kill()
        site.store.start().await_ready()
        heard.messages.clear()
        site.processor("next").start().await_ready()
        await heard.until(lambda: any(answer["ages"] for answer in heard.answers()))
        # An answer without ages may follow: messages lie unread again for a moment.
        assert {*chain.from_iterable(answer["ages"] for answer in heard.answers())} == {"d1"}


async def test_of_what_lay_in_the_broker_no_answer_says_when_it_came(site: Site) -> None:
    processor = site.processor().start().await_ready()
    async with (
        site.listener("~gateway", "edge/activity") as heard,
        site.device() as device,
        site.device("d2") as other,
    ):
        await site.await_caught_up(heard)
        await device.publish("devices/d1/data", b'{"sensor_type":"t","value":0}')
        await asyncio.to_thread(site.await_stored, 1)
        assert await asyncio.to_thread(processor.stop) == 0
        await other.publish("devices/d2/data", b'{"sensor_type":"t","value":0}')
        heard.messages.clear()
        site.processor("next").start().await_ready()
        await asyncio.to_thread(site.await_stored, 2)
        await heard.until(lambda: any(answer["ages"] for answer in heard.answers()))
        assert list(heard.answers()[-1]["ages"]) == ["d1"]
        await other.publish("devices/d2/data", b'{"sensor_type":"t","value":1}')
        await asyncio.to_thread(site.await_stored, 3)
        await site.ask_for_activity()
        await heard.until(lambda: "d2" in heard.answers()[-1]["ages"])


async def test_nothing_follows_the_goodbye(site: Site) -> None:
    processor = site.processor(BATCH_MESSAGES="5", DRAIN_SECONDS="1s").start().await_ready()
    async with site.listener("~gateway", "edge/activity", "edge/status/processor") as heard, site.device() as device:
        site.store.kill()
        await send(device, range(20))
        await site.ask_for_activity()
        assert await asyncio.to_thread(processor.stop) == 0
        last = (await heard.all_that_came())[-1]
    assert last.topic == "edge/status/processor"
    assert b'"offline"' in last.payload


def test_it_starts_in_any_order(site: Site) -> None:
    site.store.kill()
    site.broker.stop()
    processor = site.processor().start()
    eventually("its probes answer", lambda: processor.get("/health")[0] == 200)
    assert processor.get("/ready") == (503, '{"status":"not ready","waiting_for":["the store"]}')
    site.store.start().await_ready()
    eventually("the broker is missing", lambda: "the broker" in processor.get("/ready")[1])
    site.broker.start()
    processor.await_ready()


def test_g5_a_broker_that_is_restarted_loses_nothing(site: Site) -> None:
    site.processor().start().await_ready()
    fleet = site.fleet(DEVICES, RATE).start()
    eventually("readings come", lambda: next(site.readings(), None) is not None)
    for _ in range(2):
        time.sleep(1)  # under load, at any moment
        site.broker.stop()
        site.broker.start()
    before = len(acknowledged(fleet))
    eventually("more come", lambda: len(acknowledged(fleet)) > before + DEVICES)
    assert_exactly_once(site, fleet)


async def test_a_flood_without_acknowledgements_is_cut_not_hoarded(site: Site) -> None:
    """Nothing but the inbox bounds QoS 0: without the store, messages beyond it are dropped and counted."""
    processor = await asyncio.to_thread(lambda: site.processor(BATCH_MESSAGES="50").start().await_ready())
    site.store.kill()
    async with site.device() as device:
        for number in range(1000):
            device.send("devices/d1/data", b'{"sensor_type":"t","value":%d}' % number, qos=0)
        await device.publish("devices/d1/data", b'{"sensor_type":"t","value":0,"session":"owed","seq":1}')
        came = "edge_processor_messages_total"
        await asyncio.to_thread(eventually, "all came", lambda: processor.metric(came) == 1001)
    dropped = processor.metric("edge_processor_qos0_dropped_total")
    assert 1000 - dropped <= (MAX_IN_FLIGHT + FULL_BATCHES) * 50
    await asyncio.to_thread(site.store.start().await_ready)
    eventually("the rest is stored", lambda: sum(1 for _ in site.readings()) == 1001 - dropped)
    assert [reading for reading in site.readings() if reading.get("session") == "owed"]
