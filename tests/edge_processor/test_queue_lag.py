"""The lag of the broker's queue, measured through it."""

import asyncio

from edge_service.mqtt import MqttSession
from tests.edge_processor.site import Heard, Site

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
