"""The list of devices, against a real broker: every replica has the same, whatever happens in between."""

import asyncio
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import Site

SECONDS = 30.0


async def until(gateway: Gateway, path: str, wanted: Any) -> None:
    """Return once the ids in the answer are `wanted`."""
    got: Any = None
    async with asyncio.timeout(SECONDS):
        while got != wanted:
            answer = await gateway.ask("GET", path)
            got = [each["id"] for each in answer.body["devices"]] if answer.status == 200 else answer
            await asyncio.sleep(0.05)


def operator(site: Site) -> MqttSession:
    address = BrokerAddress.parse(site.broker.components_url)
    return MqttSession(
        MqttOptions(address, "operator", site.broker.credentials("~operator")), backoff=Backoff(0.05, 0.2)
    )


async def test_every_replica_lists_the_same_devices(own_site: Site, own_gateways: Gateways) -> None:
    first = own_gateways("gateway-a")
    async with own_site.device("d2") as d2, own_site.device("d1") as d1, operator(own_site) as told:
        await told.connected.wait()
        await d2.publish("devices/d2/status", b'{"status":"online","type":"pump","last_seen":"soon"}', retain=True)
        await d1.publish("devices/d1/status", b"offline", retain=True)
        await told.publish("edge/roster/d3", b'{"type":"valve"}', retain=True)
        await told.publish("edge/roster/d4", b"no JSON", retain=True)
        await until(first, "/devices", ["d1", "d2", "d3"])
        late = own_gateways("gateway-b")
        await until(late, "/devices", ["d1", "d2", "d3"])
        await until(late, "/devices?status=unknown", ["d1", "d2", "d3"])  # it has only what was retained
        await d2.publish("devices/d2/status", b'{"status":"online","type":"pump"}', retain=True)
        await d1.publish("devices/d1/status", b'{"status":"offline","reason":"Disconnected"}', retain=True)
        await until(late, "/devices?status=online", ["d2"])
        await until(first, "/devices?status=online", ["d2"])
        await until(late, "/devices?type=valve", ["d3"])
        await until(late, "/devices?status=offline&type=pump", [])
        page = (await late.ask("GET", "/devices?limit=2")).body
        assert (len(page["devices"]), page["count"]) == (2, 3)
        rest = (await late.ask("GET", f"/devices?limit=2&cursor={page['next']}")).body
        assert ([each["id"] for each in rest["devices"]], rest["next"]) == (["d3"], None)
        await told.publish("devices/d2/status", b"", retain=True)
        await told.publish("edge/roster/d3", b"", retain=True)
        await until(first, "/devices", ["d1"])
        await until(late, "/devices", ["d1"])
        assert await late.figure("edge_gateway_devices", status="offline") == 1.0


async def test_what_was_cleared_without_a_connection_is_removed(own_site: Site, own_gateways: Gateways) -> None:
    gateway = own_gateways(RETELLING_SECONDS="2s")
    async with own_site.device("d1") as d1, own_site.device("d2") as d2:
        await d1.publish("devices/d1/status", b"online", retain=True)
        await d2.publish("devices/d2/status", b"online", retain=True)
        await until(gateway, "/devices", ["d1", "d2"])
    own_site.broker.stop()
    gateway.process.signal(SIGSTOP)  # so that it connects only after the change
    own_site.broker.start()
    async with operator(own_site) as told:
        await told.connected.wait()
        await told.publish("devices/d1/status", b"", retain=True)
    gateway.process.signal(SIGCONT)
    async with asyncio.timeout(14):  # less than the default of 15 s
        await until(gateway, "/devices", ["d2"])


async def test_a_device_that_only_sends_readings_is_listed_and_online(own_site: Site, own_gateways: Gateways) -> None:
    gateway = own_gateways()
    own_site.processor().start().await_ready()
    async with own_site.device("d1") as d1, asyncio.timeout(SECONDS):
        while (await gateway.ask("GET", "/devices?status=online")).body["count"] == 0:
            # The first may come before the processor knows how long its queue is: that proves nothing.
            await d1.publish("devices/d1/data", b'{"sensor_type":"temperature","value":1}')
            await asyncio.sleep(0.2)
    shown = (await gateway.ask("GET", "/devices/d1")).body
    assert shown["name"] == "d1"
    assert shown["last_seen"]
    late = own_gateways("gateway-b")
    await until(late, "/devices", [])  # the store alone lists no device
    async with operator(own_site) as told:
        await told.connected.wait()
        await told.publish("edge/roster/d1", b"{}", retain=True)
    later = own_gateways("gateway-c")
    await until(later, "/devices?status=online", ["d1"])


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/devices/nobody", 404, "DeviceNotFound"),
        ("/devices/nobody/status", 404, "DeviceNotFound"),
        ("/devices/nobody/readings", 404, "DeviceNotFound"),
        ("/devices/no%20body", 422, "InvalidDeviceId"),
        ("/devices/%2e%2e/status", 422, "InvalidDeviceId"),
        ("/devices/" + "x" * 65, 422, "InvalidDeviceId"),
        ("/devices?limit=0", 422, "InvalidParameter"),
        ("/devices?limit=1001", 422, "InvalidParameter"),
        ("/devices?limit=ten", 422, "InvalidParameter"),
        ("/devices?cursor=x", 422, "InvalidCursor"),
        ("/devices/nobody/readings?cursor=cmVhZGluZ3M6eA", 422, "InvalidCursor"),
        ("/alerts?cursor=x", 422, "InvalidCursor"),
        ("/nothing", 404, "RouteNotFound"),
    ],
)
async def test_what_is_asked_wrongly_is_a_problem(gateway: Gateway, path: str, status: int, reason: str) -> None:
    answer = await gateway.ask("GET", path)
    assert (answer.status, answer.body["reason"]) == (status, reason)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.body) >= {"type", "title", "status", "detail"}


async def test_a_method_that_is_not_there_is_a_problem(gateway: Gateway) -> None:
    answer = await gateway.ask("DELETE", "/devices")
    assert (answer.status, answer.body["reason"]) == (405, "MethodNotAllowed")


async def test_the_openapi_document_names_every_route_and_who_may_use_it(gateway: Gateway) -> None:
    document = (await gateway.ask("GET", "/openapi.json", token=None)).body
    open_routes = {"/health", "/ready", "/metrics"}
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (method, path)
            assert bool(route.get("security")) is (path not in open_routes), (method, path)
    assert "/devices/{device_id}/commands/{command_id}/ack" in document["paths"]


async def test_docs_show_every_route_and_load_nothing_from_elsewhere(gateway: Gateway) -> None:
    page = await gateway.ask("GET", "/docs", token=None)
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    document = (await gateway.ask("GET", "/openapi.json", token=None)).body
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page.body
    assert "<script" not in page.body
    assert "//" not in page.body
    assert 'href="openapi.json"' in page.body


async def test_requests_are_counted_by_route_and_not_by_path(gateway: Gateway) -> None:
    before = await gateway.figure("edge_gateway_requests_total", route="/devices/{device_id}", code="404")
    for number in range(3):
        await gateway.ask("GET", f"/devices/none-{number}")
    after = await gateway.figure("edge_gateway_requests_total", route="/devices/{device_id}", code="404")
    assert after == before + 3
    assert await gateway.figure("edge_gateway_request_seconds_count", route="/devices/{device_id}") >= 3


async def test_made_up_methods_and_paths_make_no_new_series(gateway: Gateway) -> None:
    for number, rare in enumerate(("MKCOL", "PROPFIND", "REPORT")):
        # The HTTP parser refuses what is not a method of any standard.
        assert (await gateway.ask(f"MADEUP{number}", "/devices")).status == 400
        await gateway.ask(rare, "/devices")
        await gateway.ask(rare, f"/made/up/{number}")
    text = (await gateway.ask("GET", "/metrics", token=None)).body.lower()
    assert "madeup" not in text
    assert "made/up" not in text
    assert "propfind" not in text
    assert await gateway.figure("edge_gateway_requests_total", method="other") == 6.0
