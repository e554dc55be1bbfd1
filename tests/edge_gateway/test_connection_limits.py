"""Thousands of connections that send half a request do not take the gateway's file descriptors from others."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession
from tests.edge_gateway.gateways import TOKEN, Gateway, Gateways
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess
from tests.edge_service.waiting import eventually
from tests.support.child import HOST
from tests.support.flood import ended, half_open, next_file, open_files, set_files, with_files

FILES = 700
MANY = 3000
SECONDS = 20.0
BODY = f"POST /devices/d1/data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n["


@asynccontextmanager
async def device(site: Site, name: str, port: int) -> AsyncIterator[MqttSession]:
    """Be a device that connects through the gateway."""
    options = MqttOptions(BrokerAddress(HOST, port), name, site.broker.credentials(name))
    async with MqttSession(options, lambda _: None, backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield session


async def check_works(gateway: Gateway) -> None:
    """Ask what the kubelet, a person and a device ask."""
    for path in ("/ready", "/health", "/metrics"):
        assert (await gateway.ask("GET", path, token=None)).status == 200
    assert (await gateway.ask("GET", "/devices")).status == 200
    reading = {"sensor_type": "temperature", "value": 1}
    assert (await gateway.ask("POST", "/devices/d3/data", json=reading, device="d3")).status == 200


def errors(process: ServiceProcess) -> list[str]:
    return [line for line in process.log.read_text().splitlines() if json.loads(line)["level"] == "error"]


async def test_half_a_head_on_thousands_of_connections_stops_neither_probes_nor_mqtt(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways(prefix=with_files(FILES))
    port, mqtt = gateway.port("HTTP"), gateway.port("mqtt")
    async with device(own_site, "d1", mqtt) as first:
        with half_open(port, MANY):
            await check_works(gateway)
            await first.publish("devices/d1/status", b'{"status":"online"}', retain=True)
            async with device(own_site, "d2", mqtt) as second:
                await second.publish("devices/d2/status", b'{"status":"online"}', retain=True)
            assert open_files(gateway.process.pid) < FILES / 2
            assert first.connects == 1
            await check_works(gateway)
        assert await gateway.figure("edge_http_connections_ended_total", reason="displaced") > MANY / 2
    assert errors(gateway.process) == []


@pytest.mark.timeout(180)
async def test_slow_bodies_are_answered_408_and_leave_room_for_the_probes(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways(prefix=with_files(FILES))
    await gateway.ask("POST", "/devices/d1/status", json={"status": "online"})
    port, mqtt = gateway.port("HTTP"), gateway.port("mqtt")
    with half_open(port, 75, BODY.encode()) as slow:
        await eventually("every connection is busy", lambda: open_files(gateway.process.pid) > 75)
        async with device(own_site, "d2", mqtt) as mqtt_device:
            for _ in range(5):
                assert (await gateway.ask("GET", "/ready", token=None)).status == 200
                await mqtt_device.publish("devices/d2/status", b'{"status":"online"}', retain=True)
            busy = await gateway.ask("GET", "/devices")
            assert (busy.status, busy.body["reason"]) == (503, "TooManyConnections")
        answers = await asyncio.to_thread(ended, slow)
    statuses = [answer.partition(b"\r\n")[0] for answer in answers]
    assert statuses.count(b"HTTP/1.1 408 Request Timeout") >= 70
    assert set(statuses) <= {b"HTTP/1.1 408 Request Timeout", b"HTTP/1.1 503 Service Unavailable", b""}
    await check_works(gateway)
    assert errors(gateway.process) == []


async def is_answered(gateway: Gateway) -> bool:
    """Ask on a new connection; return False if it is not even accepted."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        try:
            await session.get(f"{gateway.url}/ready")
        except TimeoutError:
            return False
        except aiohttp.ClientConnectionError:
            # It was accepted with the last descriptor, and reset for lack of another.
            return True
    return True


async def test_a_gateway_without_file_descriptors_accepts_again_when_it_has_some(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    pid, mqtt = gateway.process.pid, gateway.port("mqtt")
    before = set_files(pid, next_file(pid))
    try:
        # A connection of before that ends gives its descriptor back.
        while await is_answered(gateway):
            set_files(pid, next_file(pid))
    finally:
        set_files(pid, before)
    await check_works(gateway)
    async with device(own_site, "d1", mqtt) as session:
        await session.publish("devices/d1/status", b'{"status":"online"}', retain=True)
    lines = [line for line in gateway.process.messages() if line.startswith("cannot accept a connection")]
    assert 0 < len(lines) < 20


@pytest.mark.parametrize("program", ["store", "processor"])
async def test_the_probes_of_other_programs_are_answered_as_well(own_site: Site, program: str) -> None:
    process = own_site.store if program == "store" else own_site.processor()
    if program == "store":
        process.stop()
        process.prefix = with_files(400)
    process.start().await_ready()
    with half_open(process.port, 1000):
        for _ in range(5):
            assert [process.get(path)[0] for path in ("/ready", "/health", "/metrics")] == [200] * 3
        assert open_files(process.pid) < 400
    assert errors(process) == []
