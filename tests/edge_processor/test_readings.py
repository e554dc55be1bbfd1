"""A reading's way: from the device into the store, to cloud/sensors and to the alerts; real processes."""

import asyncio
import json
from typing import Any

import orjson
import pytest

from edge_service.mqtt import MqttSession
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.support.accepted import has_nodelay
from tests.support.processes import eventually


def reading(value: float, unit: str = "celsius", **more: Any) -> bytes:
    fields = {"timestamp": "2026-11-25T12:00:00Z", "sensor_type": "temperature"}
    return orjson.dumps({**fields, "value": value, "unit": unit, "location": "", "metadata": {}, **more})


async def publish(device: MqttSession, payload: bytes) -> None:
    async with asyncio.timeout(10):
        await device.publish(f"devices/{device.options.client_id}/data", payload)


def stored(site: Site, device_id: str) -> list[dict[str, Any]]:
    return [each for each in site.readings() if each["device_id"] == device_id]


@pytest.fixture(scope="module")
def processor(module_site: Site) -> ServiceProcess:
    return module_site.processor().start().await_ready()


@pytest.fixture(scope="module")
def site_at_work(module_site: Site, processor: ServiceProcess) -> Site:
    """A site for several tests: each has a device of its own."""
    return module_site


def test_store_and_processor_send_a_response_at_once(site_at_work: Site, processor: ServiceProcess) -> None:
    assert has_nodelay(site_at_work.store.pid, site_at_work.store.port)
    assert has_nodelay(processor.pid, processor.port)


async def test_a_reading_is_stored_and_published_as_processed(site_at_work: Site) -> None:
    site = site_at_work
    async with site.listener("~scada", "cloud/sensors/#") as heard, site.device("d1") as device:
        await publish(device, reading(212, "fahrenheit", device_id="d1", session="s", seq=1, colour="red"))
        (processed,) = await heard.on("cloud/sensors/d1")
    (kept,) = stored(site, "d1")
    assert processed["value"] == kept["value"] == 100.0
    assert (processed["unit"], processed["device_id"], processed["colour"]) == ("celsius", "d1", "red")
    assert processed["metadata"]["processor"] == "edge-processor"
    assert (processed["session"], processed["seq"]) == ("s", 1)
    assert heard.messages[0].qos == 1


async def test_a_repetition_is_stored_and_published_once(site_at_work: Site) -> None:
    site = site_at_work
    async with site.listener("~scada", "cloud/sensors/#") as heard, site.device("d2") as device:
        for seq in (1, 1, 2):
            await publish(device, reading(20, session="s", seq=seq))
        assert [each["seq"] for each in await heard.on("cloud/sensors/d2", 2)] == [1, 2]
    assert sorted(each["seq"] for each in stored(site, "d2")) == [1, 2]


async def test_an_alert_when_it_starts_and_one_when_it_clears(site_at_work: Site) -> None:
    site = site_at_work
    async with site.listener("~scada", "alerts/+") as heard, site.device("d3") as device:
        for value in (79, 85, 90, 78, 70, 60):
            await publish(device, reading(value))
        firing, cleared = await heard.on("alerts/d3", 2)
        assert {message.qos for message in heard.messages} == {2}
    assert [(each["state"], each["value"], each["threshold"]) for each in (firing, cleared)] == [
        ("firing", 85, 80),
        ("cleared", 70, 80),
    ]
    assert firing["alert_id"] == cleared["alert_id"]
    assert (firing["rule"], firing["severity"]) == ("temperature-high", "Critical")
    eventually("both are marked sent", lambda: site.ask("/v1/alerts/outbox")["alerts"] == [])


BAD = {
    "no JSON": b"{",
    "no UTF-8": b'{"value": "\xff"}',
    "nothing": b"",
    "NaN": b'{"sensor_type":"temperature","value":NaN}',
    "text for a number": reading(1).replace(b'"value":1', b'"value":"1"'),
    "another device": reading(1, device_id="d2"),
    "deeply nested": b"[" * 100_000,
    "large": b'{"sensor_type":"x","value":1,"metadata":{"x":"' + b"y" * 250_000 + b'"}}',
}


async def test_g10_no_input_stops_it(site_at_work: Site) -> None:
    """What can be read is kept, the rest is set aside, and what follows is stored."""
    site = site_at_work
    processor = site.made[1]
    before = processor.metric("edge_processor_rejected_total"), len(site.ask("/v1/dead-letters")["dead_letters"])
    async with site.listener("~scada", "cloud/sensors/#") as heard, site.device("d4") as device:
        for payload in BAD.values():
            await publish(device, payload)
        await publish(device, reading(1, session="after", seq=1))
        kept = await heard.on("cloud/sensors/d4", 2)
    assert kept[-1]["session"] == "after"
    after = processor.metric("edge_processor_rejected_total"), len(site.ask("/v1/dead-letters")["dead_letters"])
    assert [new - old for new, old in zip(after, before, strict=True)] == [len(BAD) - 1] * 2
    assert processor.get("/health")[0] == 200


async def test_arrivals_are_published_each_second_and_on_request(site: Site) -> None:
    await asyncio.to_thread(lambda: site.processor().start().await_ready())
    async with site.listener("~gateway", "edge/activity", "edge/status/processor") as heard, site.device() as device:
        await site.await_caught_up(heard)
        await publish(device, reading(1))
        await heard.until(lambda: any(digest["ages"] for digest in heard.digests()))
        digest = next(digest for digest in heard.digests() if digest["ages"])
        assert list(digest["ages"]) == ["d1"]
        assert 0 <= digest["ages"]["d1"] < 5
        assert (digest["source"], digest["is_reply"]) == ("processor", False)
        (status,) = (await heard.on("edge/status/processor"))[:1]
        assert (status["component"], status["status"]) == ("processor", "online")
    async with site.listener("~gateway", "edge/activity") as heard:
        before = len(heard.answers())
        await site.ask_for_activity()
        await heard.until(lambda: len(heard.answers()) > before)
        assert list(heard.answers()[-1]["ages"]) == ["d1"]


async def test_a_wrong_rules_file_leaves_the_rules_as_they_are(site: Site) -> None:
    first = site.processor().start().await_ready()
    eventually("the rules are in force", lambda: "1 alert rules are in force" in first.messages())
    assert first.stop() == 0
    site.rules_file.write_text(json.dumps({"rules": [{"name": "x"}]}))
    second = site.processor("second").start().await_ready()
    eventually(
        "it is told", lambda: any("the store keeps its previous alert rules" in line for line in second.messages())
    )
    async with site.listener("~scada", "alerts/+") as heard, site.device() as device:
        await publish(device, reading(85))
        assert (await heard.on("alerts/d1"))[0]["rule"] == "temperature-high"
