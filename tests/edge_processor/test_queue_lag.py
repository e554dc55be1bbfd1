"""The lag of the broker's queue, measured through it."""

import asyncio

from edge_processor.lag import MIN_QUEUED_SECONDS
from edge_service.mqtt import MqttSession
from tests.edge_processor.site import Heard, Site

LAG_SECONDS = MIN_QUEUED_SECONDS + 1.0
READING = b'{"sensor_type":"t","value":1}'


async def one_more(heard: Heard, device: MqttSession) -> None:
    """Send a reading, and return when a digest has come."""
    before = len(heard.digests())
    await device.publish("devices/d1/data", READING)
    await heard.until(lambda: len(heard.digests()) > before)


async def test_the_lag_is_measured_and_published(site: Site) -> None:
    processor = await asyncio.to_thread(lambda: site.processor().start().await_ready())
    async with site.listener("~gateway", "edge/activity") as heard, site.device() as device:
        async with asyncio.timeout(20):
            while not any(digest["queue_lag_seconds"] is not None for digest in heard.digests()):
                await one_more(heard, device)
    assert 0 <= processor.metric("edge_processor_queue_lag_seconds") < 2


async def test_where_markers_may_not_be_sent_the_lag_is_unknown_and_all_else_works(site: Site) -> None:
    site.forbid_markers()
    processor = await asyncio.to_thread(lambda: site.processor().start().await_ready())
    async with site.listener("~gateway", "edge/activity") as heard, site.device() as device:
        for _ in range(2):
            await one_more(heard, device)
        assert {digest["queue_lag_seconds"] for digest in heard.digests()} == {None}
    refused = [line for line in processor.messages() if "the lag of the queue is unknown" in line]
    assert len(refused) == 1


async def test_reading_that_waited_in_the_queue_has_the_time_and_its_alert_is_late(site: Site) -> None:
    await asyncio.to_thread(lambda: site.processor(BATCH_MESSAGES="5").start().await_ready())
    async with site.listener("~gateway", "edge/activity") as heard, site.device() as device:
        await site.await_caught_up(heard)
        site.store.kill()
        for seq in range(30):
            await device.publish("devices/d1/data", READING[:-1] + b',"session":"s","seq":%d}' % seq)
        await device.publish("devices/d1/data", b'{"sensor_type":"temperature","value":95,"session":"s","seq":30}')
        await heard.until(lambda: any((digest["queue_lag_seconds"] or 0) > LAG_SECONDS for digest in heard.digests()))
        await asyncio.to_thread(site.store.start().await_ready)
        await asyncio.to_thread(site.await_stored, 31)
    stored = {reading["seq"]: reading["metadata"].get("queued_ms") for reading in site.readings()}
    assert stored[0] is None, "it was read at once, and waited in the processor"
    assert stored[30] >= 1000 * MIN_QUEUED_SECONDS
    (alert,) = site.ask("/v1/alerts?limit=10")["alerts"]
    assert (alert["state"], alert["late"]) == ("firing", True)
