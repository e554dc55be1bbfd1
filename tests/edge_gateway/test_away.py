"""The gateway without the store or the broker, and at its own end."""

import asyncio
import contextlib
import json
import re
import time
from typing import Any

import aiohttp
import pytest

from tests.edge_gateway.gateways import TOKEN, Answer, Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.child import HOST
from tests.support.processes import eventually

READING = {"sensor_type": "temperature", "value": 1, "session": "s1"}
SECONDS = 20.0
BEFORE = 50
"""Readings that are acknowledged before the store is killed."""


async def answered(gateway: Gateway, status: int, method: str, path: str, **options: Any) -> Answer:
    """Return the answer once a request is answered with this status."""
    async with asyncio.timeout(SECONDS):
        while (answer := await gateway.ask(method, path, **options)).status != status:  # noqa: ASYNC110 - HTTP
            await asyncio.sleep(0.1)
    return answer


async def connected(gateway: Gateway, count: int) -> None:
    """Return once so many connections are passed through."""
    async with asyncio.timeout(SECONDS):
        while await gateway.figure("edge_gateway_passthrough_connections", listener="mqtt") != count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_g5_a_store_that_is_killed_loses_no_reading_that_was_answered(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    acknowledged: list[int] = []
    enough = asyncio.Event()

    async def send() -> None:
        for seq in range(300):
            answer = await gateway.ask("POST", "/devices/d1/data", json=READING | {"seq": seq}, device="d1")
            assert answer.status in (200, 503), answer
            if answer.status == 200:
                acknowledged.append(seq)
                if len(acknowledged) == BEFORE:
                    enough.set()
            else:
                assert answer.headers["Retry-After"]
                assert answer.body["reason"] == "StoreUnavailable"

    sending = asyncio.create_task(send())
    async with asyncio.timeout(SECONDS):
        await enough.wait()
    own_site.store.kill()
    await asyncio.sleep(0.2)
    own_site.store.start()
    await sending
    own_site.store.await_ready()
    stored = [reading["seq"] for reading in own_site.readings()]
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert len(acknowledged) < 300


async def test_without_the_store_devices_are_still_listed_and_the_gateway_stays_ready(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    await gateway.ask("POST", "/devices/d1/status", json={"status": "online"})
    own_site.store.kill()
    assert gateway.process.get("/ready")[0] == 200
    assert (await gateway.ask("GET", "/devices")).body["count"] == 1
    for method, path in (
        ("GET", "/devices/d1/readings"),
        ("GET", "/alerts"),
        ("POST", "/devices/d1/command"),
        ("POST", "/devices/d1/data"),
    ):
        answer = await gateway.ask(method, path, json={"command": "x", **READING})
        assert (answer.status, answer.body["reason"]) == (503, "StoreUnavailable"), path
        assert int(answer.headers["Retry-After"]) > 0
    own_site.store.start()
    await answered(gateway, 200, "POST", "/devices/d1/data", json=READING)


async def test_a_device_with_readings_that_cannot_be_stored_is_online(own_site: Site, own_gateways: Gateways) -> None:
    gateway = own_gateways()
    assert (await gateway.ask("POST", "/devices/d1/data", json=READING, device="d1")).status == 200
    own_site.store.kill()
    before = (await gateway.ask("GET", "/devices/d1")).body["last_seen"]

    async def seen() -> str:
        assert (await gateway.ask("POST", "/devices/d1/data", json=READING, device="d1")).status == 503
        last: str = (await gateway.ask("GET", "/devices/d1")).body["last_seen"]
        return last

    async with asyncio.timeout(SECONDS):
        while await seen() <= before:  # noqa: ASYNC110 - HTTP tells no event
            await asyncio.sleep(0.1)


async def test_without_the_broker_readings_are_still_stored_and_commands_are_not_taken(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    await gateway.ask("POST", "/devices/d1/status", json={"status": "online"})
    own_site.broker.kill()
    await answered(gateway, 503, "POST", "/devices/d1/command", json={"command": "x"})
    assert gateway.process.get("/ready")[0] == 200
    assert (await gateway.ask("POST", "/devices/d1/data", json=READING)).status == 200
    assert (await gateway.ask("GET", "/devices/d1")).status == 200
    status = await gateway.ask("POST", "/devices/d1/status", json={"status": "online"})
    unchecked = await gateway.ask("POST", "/devices/d2/data", json=READING, device="d2")
    for answer in (status, unchecked):
        assert (answer.status, answer.body["reason"]) == (503, "BrokerUnavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert json.loads(gateway.process.get("/health")[1])["broker_connected"] is False
    own_site.broker.start()
    await answered(gateway, 202, "POST", "/devices/d1/command", json={"command": "x"})


async def test_an_unknown_device_is_not_called_unknown_while_the_broker_cannot_be_reached(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    assert (await gateway.ask("GET", "/devices/d9")).body["reason"] == "DeviceNotFound"
    own_site.broker.kill()
    answer = await answered(gateway, 503, "GET", "/devices/d9")
    assert (answer.body["reason"], answer.headers["Retry-After"]) == ("DevicesNotKnownYet", "2")
    assert (await gateway.ask("GET", "/devices")).status == 200
    own_site.broker.start()
    answer = await answered(gateway, 404, "GET", "/devices/d9")
    assert answer.body["reason"] == "DeviceNotFound"


async def test_it_starts_before_broker_and_store_and_is_ready_when_it_has_reached_both(
    own_site: Site, own_gateways: Gateways
) -> None:
    own_site.broker.stop()
    own_site.store.stop()
    gateway = own_gateways(ready=False)
    eventually("HTTP", lambda: gateway.port("HTTP"))
    await answered(gateway, 200, "GET", "/health", token=None)
    status, text = gateway.process.get("/ready")
    assert status == 503
    assert "broker" in text
    assert "store" in text
    early = await gateway.ask("GET", "/devices")
    assert (early.status, early.body["reason"]) == (503, "DevicesNotKnownYet"), "an empty list would be a lie"
    own_site.store.start()
    own_site.broker.start()
    gateway.process.await_ready()
    assert (await gateway.ask("GET", "/devices")).status == 200


def farewell(site: Site) -> str:
    """Return how the broker says that the gateway's last connection ended: without a reason if it sent DISCONNECT."""
    ends = re.compile(r"Client edge-gateway-gateway-a \[127\.0\.0\.1:\d+\] (disconnected.*)")
    found: list[str] = eventually("the broker notes the end", lambda: ends.findall(site.broker.log.read_text()))
    return found[-1]


async def test_at_its_end_it_answers_who_waits_and_says_goodbye_to_the_broker(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    await gateway.ask("POST", "/devices/d1/status", json={"status": "online"})
    waiting = asyncio.create_task(gateway.ask("GET", "/devices/d1/commands?wait=30s", device="d1"))
    async with asyncio.timeout(SECONDS):
        while await gateway.figure("edge_gateway_waiting_requests") == 0:  # noqa: ASYNC110 - HTTP tells no event
            await asyncio.sleep(0.05)
    began = time.monotonic()
    code = await asyncio.to_thread(gateway.process.stop)
    assert code == 0
    assert time.monotonic() - began < 5
    assert (await waiting).body == {"commands": []}
    assert farewell(own_site) == "disconnected."
    assert not any('"level": "error"' in line for line in gateway.process.log.read_text().splitlines())


async def test_a_gateway_that_is_killed_says_no_goodbye(own_site: Site, own_gateways: Gateways) -> None:
    """What the test above goes by is not there after just any end."""
    await asyncio.to_thread(own_gateways().process.kill)
    assert farewell(own_site) == "disconnected: connection closed by client."


@pytest.mark.parametrize("kill", [True, False])
async def test_mqtt_passes_through_to_the_broker(kill: bool, own_site: Site, own_gateways: Gateways) -> None:  # noqa: FBT001
    gateway = own_gateways()
    direct = own_site.broker.layout.mqtt
    assert gateway.port("mqtt") not in (0, direct)
    fleet = own_site.fleet(10, 5.0)
    arguments = [each.replace(str(direct), str(gateway.port("mqtt"))) for each in fleet.arguments]
    fleet.arguments = arguments
    processor = own_site.processor().start().await_ready()
    fleet.start()
    own_site.await_stored(100)
    await connected(gateway, 10)
    assert (await gateway.ask("GET", "/devices?status=online")).body["count"] == 10
    if kill:
        # A device connects anew where its connection ends: here at the replica that took over the address.
        mqtt_port = str(gateway.port("mqtt"))
        gateway.process.kill()
        gateway = own_gateways("gateway-b", MQTT_PORT=mqtt_port)
        before = sum(1 for _ in own_site.readings())
        own_site.await_stored(before + 100)
        await connected(gateway, 10)
    assert fleet.stop() == 0
    assert gateway.process.stop() == 0
    assert processor.stop() == 0


async def test_g10_who_hangs_up_halfway_or_talks_nonsense_is_no_failure_of_ours(gateway: Gateway) -> None:
    head = "POST /devices/d1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: Bearer "
    for said in (f"{head}{TOKEN}\r\n\r\nhalf of", "nonsense\r\n\r\n", "GET / HTTP/9\r\n\r\n", "\0" * 100):
        _, writer = await asyncio.open_connection(HOST, gateway.port("HTTP"))
        writer.write(said.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert (await gateway.ask("GET", "/health", token=None)).status == 200
    await asyncio.sleep(0.2)
    levels = [json.loads(line)["level"] for line in gateway.process.log.read_text().splitlines()]
    assert "error" not in levels


async def test_g5_a_gateway_that_is_killed_loses_no_reading_that_was_answered(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    acknowledged: list[int] = []
    enough = asyncio.Event()

    async def send(first: int) -> None:
        for seq in range(first, first + 1000):
            with contextlib.suppress(aiohttp.ClientError):
                answer = await gateway.ask("POST", "/devices/d1/data", json=READING | {"seq": seq}, device="d1")
                assert answer.status == 200
                acknowledged.append(seq)
                if len(acknowledged) == BEFORE:
                    enough.set()
                continue
            return

    sending = [asyncio.create_task(send(first)) for first in range(0, 4000, 1000)]
    async with asyncio.timeout(SECONDS):
        await enough.wait()
    gateway.process.kill()
    await asyncio.gather(*sending)
    stored = [reading["seq"] for reading in own_site.readings()]
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored)) >= BEFORE
