"""Whether devices are alive, as every replica of the gateway says it: real processes, a real broker."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edge_wire.messages import RosterEntry
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.roster import put_entry
from tests.support.wire_device import WireDevice

SECONDS = 20.0
READING = {"sensor_type": "temperature", "value": 1}


async def state(gateway: Gateway, device_id: str) -> tuple[Any, Any]:
    """Return status and reason of a device; the code of the answer where it is not 200."""
    answer = await gateway.ask("GET", f"/devices/{device_id}")
    return (answer.body["status"], answer.body["reason"]) if answer.status == 200 else (answer.status, "")


async def until(gateway: Gateway, device_id: str, *wanted: Any) -> None:
    """Return once a device is reported so."""
    got: Any = None
    try:
        async with asyncio.timeout(SECONDS):
            while (got := await state(gateway, device_id))[: len(wanted)] != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # HTTP tells no event
    except TimeoutError:
        raise AssertionError(f"{device_id} is not {wanted}, but {got}") from None


async def stays(gateway: Gateway, device_id: str, status: str, seconds: float) -> None:
    """Fail if a device is ever reported as something else for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = await state(gateway, device_id)
        assert got[0] == status, got
        await asyncio.sleep(0.05)


def entry(device_id: str, **fields: Any) -> RosterEntry:
    return RosterEntry(device_id, **{"heartbeat_interval_seconds": 1.0, "offline_after_seconds": 60.0, **fields})


def listed(site: Site, *entries: RosterEntry) -> None:
    """Have the broker hold entries of the roster, as the operator would."""
    for each in entries:
        put_entry(site.broker, each.id, each.encode())


@contextmanager
def wired(site: Site, *names: str) -> Iterator[list[WireDevice]]:
    """Have devices that are connected and have said so."""
    devices = [WireDevice(site.broker, name).connect() for name in names]
    yield devices
    for device in devices:
        device.close()


async def test_a_device_is_listed_from_the_roster_on_and_vanishes_with_it(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    listed(own_site, entry("d1", name="Pump 1", type="pump", location="hall 3", disabled=False), entry("d2"))
    await until(gateway, "d1", "unknown", "NotYetSeen")
    shown = (await gateway.ask("GET", "/devices/d1")).body
    assert (shown["name"], shown["type"], shown["location"], shown["last_seen"]) == ("Pump 1", "pump", "hall 3", None)
    assert (await gateway.ask("GET", "/devices?type=pump")).body["count"] == 1
    listed(own_site, entry("d2", disabled=True))
    await until(gateway, "d2", "unknown", "Disabled")
    put_entry(own_site.broker, "d1", b"")
    await until(gateway, "d1", 404)
    assert await gateway.figure("edge_gateway_devices_phase", phase="Disabled") == 1
    assert await gateway.figure("edge_gateway_devices", status="unknown") == 1


async def test_a_will_is_believed_after_its_grace_and_not_if_the_device_comes_back(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    listed(own_site, entry("d1"), entry("d2"))
    with wired(own_site, "d1", "d2") as (lost, back):
        for name in ("d1", "d2"):
            await until(gateway, name, "online", "HeartbeatReceived")
        began = time.monotonic()
        lost.vanish()
        back.vanish()
        back.session = "2"
        back.connect()
        await until(gateway, "d1", "offline", "LastWill")
        assert 2.5 < time.monotonic() - began < 5.0
        await stays(gateway, "d2", "online", 2.0)
        assert await gateway.figure("edge_gateway_device_transitions_total", reason="LastWill") == 1


async def test_a_late_will_of_an_older_session_is_ignored(own_site: Site, own_gateways: Gateways) -> None:
    gateway = own_gateways()
    with wired(own_site, "d1") as (device,):
        device.session = "2"
        device.beat()
        await until(gateway, "d1", "online")
        device.publish(device.payload("offline", reason="LastWill", session="1"))
        await stays(gateway, "d1", "online", 4.0)
        device.sign_off()
        await until(gateway, "d1", "offline", "Disconnected")


async def test_a_broker_that_is_killed_and_comes_back_makes_nobody_offline(
    own_site: Site, own_gateways: Gateways
) -> None:
    gateway = own_gateways()
    names = [f"d{number}" for number in range(1, 7)]
    listed(own_site, *(entry(name, offline_after_seconds=30.0) for name in names))
    with wired(own_site, *names) as devices:
        for name in names:
            await until(gateway, name, "online")
        own_site.broker.kill()
        await asyncio.sleep(1)
        own_site.broker.start()
        for device in devices:
            device.close()
            device.session = "2"
            device.connect()
        end = time.monotonic() + 5
        while time.monotonic() < end:
            answer = await gateway.ask("GET", "/devices?status=online")
            assert answer.body["count"] == len(names), (await gateway.ask("GET", "/devices")).body
            for device in devices:
                device.beat()
            await asyncio.sleep(0.2)
    for reason in ("LastWill", "Disconnected", "HeartbeatExpired"):
        assert await gateway.figure("edge_gateway_device_transitions_total", reason=reason) == 0


async def test_http_is_a_heartbeat_at_once_here_and_by_the_digest_elsewhere_and_silence_expires(
    own_site: Site, own_gateways: Gateways
) -> None:
    async with own_gateways.several("gateway-a", "gateway-b") as (here, there):
        listed(own_site, entry("d1", presence="Intermittent", offline_after_seconds=4.0))
        for gateway in (here, there):
            await until(gateway, "d1", "unknown", "NotYetSeen")
        assert (await here.ask("POST", "/devices/d1/data", json=READING, device="d1")).status == 200
        began = time.monotonic()
        assert await state(here, "d1") == ("online", "HeartbeatReceived")
        await until(there, "d1", "online")
        assert time.monotonic() - began < 2.0
        await here.ask("POST", "/devices/d1/status", json={"status": "offline", "reason": "Disconnected"}, device="d1")
        await stays(there, "d1", "online", 2.0)
        for gateway in (here, there):
            await until(gateway, "d1", "offline", "HeartbeatExpired")
        assert 3.5 < time.monotonic() - began < 7.0


async def test_without_the_broker_its_devices_become_unknown(own_site: Site, own_gateways: Gateways) -> None:
    gateway = own_gateways(UNREACHABLE_SECONDS="8s")
    with wired(own_site, "d1"):
        await until(gateway, "d1", "online")
        own_site.broker.kill()
        # Its will, which came with the broker's end if it did at all, would be believed after 3 s.
        await stays(gateway, "d1", "online", 4.0)
        await until(gateway, "d1", "unknown", "SiteUnreachable")
        own_site.broker.start()
    with wired(own_site, "d1") as (device,):
        async with asyncio.timeout(SECONDS):
            while (await state(gateway, "d1"))[0] != "online":
                device.beat()  # what is retained alone proves nothing
                await asyncio.sleep(0.2)


async def test_g10_garbage_is_counted_and_changes_nothing(own_site: Site, own_gateways: Gateways) -> None:
    gateway = own_gateways()
    listed(own_site, entry("d1", type="pump"))
    with wired(own_site, "d1") as (device,):
        await until(gateway, "d1", "online")
        before = await gateway.figure("edge_gateway_mqtt_messages_dropped_total")
        for payload in (
            b"{",
            b"\xff\xfe",
            b"[]",
            b'{"status":""}',
            b'{"status":"online","id":"d2"}',
            b"x" * 9000,
        ):
            device.publish(payload, retain=False)
        device.beat()
        await until(gateway, "d1", "online")
        async with asyncio.timeout(SECONDS):
            while await gateway.figure("edge_gateway_mqtt_messages_dropped_total") != before + 6:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert (await gateway.ask("GET", "/devices/d1")).body["type"] == "pump"
