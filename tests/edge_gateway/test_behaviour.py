"""What section 8 of the contract says, HTTP in → store, topics and HTTP out, against the real processes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.edge_gateway.gateways import LOCATION, Gateway
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.edge_wire.messages.statuses import WORDS
from tests.support.accepted import has_nodelay

TIME = "2026-01-31T12:00:00.000Z"

# what is sent: sensor_type, value, unit; what is stored, published and shown: value, unit
CONVERSIONS = [
    (("temperature", 212, "fahrenheit"), (100.0, "celsius")),
    (("temperature", 21.5, "celsius"), (21.5, "celsius")),
    (("pressure", 1.5, "bar"), (150000.0, "pascal")),
    (("humidity", 140, "percent"), (100.0, "percent")),
    (("humidity", -3, "percent"), (0.0, "percent")),
    (("vibration", 0.25, "g"), (0.25, "g")),
]


@pytest.fixture(autouse=True)
async def known(gateway: Gateway) -> None:
    """Every device of these tests has published its status."""
    for device in ("d1", "d2", "d3"):
        answer = await gateway.ask("POST", f"/devices/{device}/status", json={"status": "online", "type": "pump"})
        assert answer.status == 200, answer


def test_gateway_sends_a_response_at_once(gateway: Gateway) -> None:
    assert has_nodelay(gateway.process.pid, gateway.port("HTTP"))


@pytest.mark.parametrize(("sent", "stored"), CONVERSIONS)
async def test_a_reading_is_converted_stored_and_shown(
    gateway: Gateway, site: Site, sent: tuple[str, float, str], stored: tuple[float, str]
) -> None:
    sensor_type, value, unit = sent
    body = {"sensor_type": sensor_type, "value": value, "unit": unit, "timestamp": TIME, "metadata": {"rack": 3}}
    answer = await gateway.ask("POST", "/devices/d1/data", json=body)
    assert answer.status == 200
    assert answer.body == {"device_id": "d1", "accepted": 1, "duplicates": 0, "rejected": [], "rejected_count": 0}
    shown = (await gateway.ask("GET", "/devices/d1/readings?limit=1")).body["readings"][0]
    kept = site.ask("/v1/readings?device_id=d1&limit=1")["readings"][0]
    for reading in (shown, kept):
        assert (reading["value"], reading["unit"]) == (pytest.approx(stored[0]), stored[1])
        assert reading["device_id"] == "d1"
        assert reading["sensor_type"] == sensor_type
        assert reading["timestamp"] == TIME
        assert reading["location"] == LOCATION
        assert reading["metadata"]["rack"] == 3
        assert reading["metadata"]["processor"] == "edge-processor"
        assert reading["metadata"]["processed_at"]
    assert shown == kept


async def test_an_array_is_one_request_and_a_bad_element_costs_only_itself(gateway: Gateway) -> None:
    body = [{"sensor_type": "temperature", "value": 1}, {"sensor_type": "temperature", "value": "2"}, 7]
    answer = await gateway.ask("POST", "/devices/d2/data", json=body)
    assert answer.status == 200
    assert (answer.body["accepted"], answer.body["rejected_count"]) == (1, 2)
    assert [each["reason"] for each in answer.body["rejected"]] == ["type", "type"]
    assert all(each["message"] for each in answer.body["rejected"])


@pytest.fixture
def processor(site: Site) -> Iterator[ServiceProcess]:
    """The ingester, for the tests of what it publishes."""
    started = site.processor().start().await_ready()
    yield started
    assert started.stop() == 0


@pytest.mark.usefixtures("processor")
async def test_a_reading_by_http_is_published_as_it_is_stored(gateway: Gateway, site: Site) -> None:
    async with site.listener("~scada", "cloud/sensors/d9") as heard:
        await gateway.ask(
            "POST", "/devices/d9/data", json={"sensor_type": "pressure", "value": 1.5, "unit": "bar"}, device="d9"
        )
        (published,) = await heard.on("cloud/sensors/d9")
    assert published == site.ask("/v1/readings?device_id=d9&limit=1")["readings"][0]
    assert published["value"] == 150000.0


@pytest.mark.usefixtures("processor")
async def test_a_repetition_is_stored_once_and_published_once(gateway: Gateway, site: Site) -> None:
    body = {"sensor_type": "temperature", "value": 5, "session": "s1", "seq": 1}
    async with site.listener("~scada", "cloud/sensors/d3") as heard:
        first = await gateway.ask("POST", "/devices/d3/data", json=body)
        again = await gateway.ask("POST", "/devices/d3/data", json=body)
        assert (first.body["accepted"], first.body["duplicates"]) == (1, 0)
        assert (again.body["accepted"], again.body["duplicates"]) == (0, 1)
        assert again.status == 200
        await gateway.ask("POST", "/devices/d3/data", json=body | {"seq": 2})
        assert [each["seq"] for each in await heard.on("cloud/sensors/d3", 2)] == [1, 2]
    assert [each["seq"] for each in site.ask("/v1/readings?device_id=d3")["readings"]] == [2, 1]


@pytest.mark.parametrize(
    ("body", "status", "names"),
    [
        (b"", 400, "empty"),
        (b"{", 400, "JSON"),
        (b"\xff\xfe", 400, "UTF-8"),
        (b"7", 422, "object"),
        (b'{"value": 1}', 422, "sensor_type"),
        (b'{"sensor_type": "t", "value": "1"}', 422, "value"),
        (b'{"sensor_type": "t", "value": NaN}', 422, "value"),
        (b'{"sensor_type": "t", "value": true}', 422, "value"),
        (b'{"sensor_type": "t", "value": 1, "device_id": "d2"}', 422, "another device"),
        (b"[" + b'{"sensor_type": "temperature", "value": 1},' * 7000 + b"1]", 413, "256 KiB"),
    ],
)
async def test_what_is_no_reading_is_refused_and_named(gateway: Gateway, body: bytes, status: int, names: str) -> None:
    answer = await gateway.ask("POST", "/devices/d1/data", data=body)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["status"] == status
    assert names in answer.body["detail"]


async def test_an_endless_body_is_cut_off(gateway: Gateway) -> None:
    async def endless() -> Any:
        for _ in range(1000):
            yield b" " * 1024

    answer = await gateway.ask("POST", "/devices/d1/data", data=endless())
    assert answer.status == 413


async def test_readings_come_in_pages_newest_first(gateway: Gateway) -> None:
    body = [{"sensor_type": "count", "value": number} for number in range(7)]
    await gateway.ask("POST", "/devices/d4/status", json={"status": "online"})
    assert (await gateway.ask("POST", "/devices/d4/data", json=body, device="d4")).body["accepted"] == 7
    values: list[float] = []
    cursor = ""
    while True:
        page = (await gateway.ask("GET", f"/devices/d4/readings?limit=3{cursor}")).body
        values += [reading["value"] for reading in page["readings"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert values == [6, 5, 4, 3, 2, 1, 0]


async def test_an_alert_raised_over_http_is_in_the_history_with_the_rules_threshold(
    gateway: Gateway, site: Site
) -> None:
    processor = site.processor().start().await_ready()
    try:
        async with site.listener("~scada", "alerts/+") as heard:
            for value in (95, 70):
                body = {"sensor_type": "temperature", "value": value, "unit": "celsius"}
                assert (await gateway.ask("POST", "/devices/d2/data", json=body)).status == 200
            firing, cleared = await heard.on("alerts/d2", 2)
        assert (firing["state"], cleared["state"]) == ("firing", "cleared")
        assert firing["threshold"] == cleared["threshold"] == 80
        assert (firing["value"], firing["type"], firing["location"]) == (95, "sensor_alert", LOCATION)
        history = (await gateway.ask("GET", "/alerts?device_id=d2")).body
        assert [(each["state"], each["alert_id"]) for each in history["alerts"][:2]] == [
            ("cleared", firing["alert_id"]),
            ("firing", firing["alert_id"]),
        ]
        assert history["next"] is None
    finally:
        assert processor.stop() == 0


async def test_an_http_sender_is_published_on_edge_activity(gateway: Gateway, site: Site) -> None:
    async with site.listener("~operator", "edge/activity") as heard:
        await gateway.ask("POST", "/devices/d3/data", json={"sensor_type": "t", "value": 1}, device="d3")
        # Devices of other tests may have sent readings in the same second.
        await heard.until(lambda: any("d3" in each["ages"] for each in heard.payloads("edge/activity")))
        (digest,) = (each for each in heard.payloads("edge/activity") if "d3" in each["ages"])
    assert digest["source"] == "edge-gateway"
    assert 0 <= digest["ages"]["d3"] < 5
    assert digest["queue_lag_seconds"] == 0


async def test_a_status_is_published_retained_and_shown(gateway: Gateway, site: Site) -> None:
    said = {"status": "offline", "name": "Pump 5", "type": "pump", "reason": "Disconnected", "floor": 2}
    answer = await gateway.ask("POST", "/devices/d5/status", json=said, device="d5")
    assert answer.status == 200
    assert answer.body["status"] == "offline"
    async with site.listener("~operator", "devices/d5/status") as heard:
        (published,) = await heard.on("devices/d5/status")
        assert heard.messages[0].retain
    assert published == said | {"id": "d5", "location": "", "metadata": {}, "last_seen": published["last_seen"]}
    shown = (await gateway.ask("GET", "/devices/d5")).body
    assert shown | {"last_seen": ""} == published | {"last_seen": ""}
    status = (await gateway.ask("GET", "/devices/d5/status")).body
    assert status == {"device_id": "d5", "status": "offline", "last_seen": shown["last_seen"]}


async def test_words_of_a_status_are_those_of_mqtt(gateway: Gateway) -> None:
    for case in WORDS:
        path = "/devices/d6/status"
        body = case.payload.replace(b'"id":"pump-2"', b'"id":"another"')
        answer = await gateway.ask("POST", path, data=body, device="d6")
        if case.fault is None:
            assert (answer.status, answer.body["status"]) == (200, case.word or case.meaning), case
        else:
            assert answer.status in {400, 413, 422}, case
            assert answer.body.get("cause", "too_large") == case.fault, case


async def test_sender_of_a_status_that_cannot_be_read_is_alive(gateway: Gateway) -> None:
    assert (await gateway.ask("POST", "/devices/d7/status", data=b"{", device="d7")).status == 400
    assert (await gateway.ask("GET", "/devices/d7/status")).body["status"] == "online"
    assert (await gateway.ask("POST", "/devices/d8/status", data=b"{")).status == 400
    assert (await gateway.ask("GET", "/devices/d8/status")).status == 404, "a program's mistake is no sign of life"
    await gateway.ask("POST", "/devices/d7/status", data=b"Standby", device="d7")
    shown = (await gateway.ask("GET", "/devices/d7")).body
    assert (shown["status"], shown["reported_status"]) == ("online", "Standby")


async def test_health_says_what_the_reference_said(gateway: Gateway) -> None:
    answer = await gateway.ask("GET", "/health", token=None)
    assert answer.status == 200
    assert answer.body["status"] == "healthy"
    assert answer.body["timestamp"].endswith("Z")
    assert answer.body["cloud_connected"] is False
