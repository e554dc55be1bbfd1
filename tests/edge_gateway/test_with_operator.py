"""`kubectl get edgedevices` and `GET /devices` say the same: a real operator and a real gateway on one broker."""

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from edge_operator.desired.kinds import SECRET
from tests.edge_gateway.gateways import Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, eventually
from tests.support.sites import Sites

DEVICES = ("pump", "fan")
PHASES = {"Online": "online", "Offline": "offline", "Unknown": "unknown"}


@pytest.fixture
def hall(
    make_operator: OperatorFactory, mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    """A site with a running broker and an operator that leads."""
    with brokered(Sites.of(api, namespace), "hall", mosquitto(DEVICES)) as site:
        site.apply(devices={"heartbeatInterval": "10s", "offlineAfter": "1m"})
        operator = site.lead(make_operator)
        yield site
        operator.stop()


def token_of(hall: BrokeredSite, secret: str) -> str:
    found = hall.sites.child(SECRET, secret)
    assert found is not None
    return base64.b64decode(found["data"]["token"]).decode()


def copy_tokens(hall: BrokeredSite, path: Path) -> None:
    """Write what the kubelet mounts."""
    found = hall.sites.child(SECRET, "hall-api-tokens")
    assert found is not None
    new = path.with_suffix(".new")
    new.write_bytes(base64.b64decode(found["data"]["tokens.json"]))
    new.replace(path)


def test_a_revoked_token_is_rejected_within_five_seconds_though_the_file_still_has_it(
    hall: BrokeredSite, tmp_path: Path
) -> None:
    named = [{"name": "grafana"}, {"name": "scada", "role": "Operate"}]
    hall.apply(gateway={"apiTokens": named})
    eventually("its Secret", lambda: hall.sites.child(SECRET, "hall-token-scada"))
    site, path = Site(hall.broker, tmp_path), tmp_path / "mounted.json"
    copy_tokens(hall, path)
    site.store.start().await_ready()
    made = Gateways(site, tmp_path)
    gateway = made(API_TOKENS_FILE=str(path))
    tokens = {name: token_of(hall, f"hall-{name}") for name in ("api-token", "token-grafana", "token-scada")}

    def statuses() -> dict[str, int]:
        return {name: asyncio.run(gateway.ask("GET", "/devices", token=text)).status for name, text in tokens.items()}

    try:
        eventually("all are accepted", lambda: set(statuses().values()) == {200})
        hall.apply(gateway={"apiTokens": [{"name": "grafana", "rotation": 1}], "apiTokenRotation": 1})
        eventually("all are rejected", lambda: set(statuses().values()) == {401}, 5)
        hall.apply(paused=True, gateway={"apiTokens": [{"name": "grafana", "rotation": 1}], "apiTokenRotation": 1})
        copy_tokens(hall, path)
        tokens = {name: token_of(hall, f"hall-{name}") for name in ("api-token", "token-grafana")}
        eventually("the new ones are accepted", lambda: set(statuses().values()) == {200}, 5)
        hall.apply(paused=True, gateway={"apiTokenRotation": 1})
        wanted = {"api-token": 200, "token-grafana": 401}
        eventually("a pause delays no revocation", lambda: statuses() == wanted, 5)
    finally:
        made.end()
        site.end()


@pytest.fixture
def gateway(hall: BrokeredSite, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of that site."""
    site = Site(hall.broker, tmp_path)
    site.store.start().await_ready()
    made = Gateways(site, tmp_path)
    yield made()
    made.end()
    site.end()


def shown(gateway: Gateway, device_id: str) -> dict[str, Any]:
    """Return the gateway's answer about a device; nothing if it is unknown."""
    answer = asyncio.run(gateway.ask("GET", f"/devices/{device_id}"))
    return answer.body if answer.status == 200 else {}


def await_both(hall: BrokeredSite, gateway: Gateway, device: str, phase: str, reason: str) -> None:
    """Wait until operator and gateway say the same of a device."""
    hall.await_phase(device, phase, reason)
    wanted = PHASES[phase], reason

    def told() -> bool:
        said = shown(gateway, device)
        return (said.get("status"), said.get("reason")) == wanted

    eventually(f"the gateway says {wanted} of {device}", told, 2)


def test_operator_and_gateway_say_the_same(hall: BrokeredSite, gateway: Gateway) -> None:
    hall.devices.apply("pump", displayName="Pump 1", type="pump", location="hall 3")
    hall.devices.apply("fan", offlineAfter="3s", heartbeatInterval="1s")
    for device in DEVICES:
        await_both(hall, gateway, device, "Unknown", "NotYetSeen")
    entry = shown(gateway, "pump")
    assert (entry["name"], entry["type"], entry["location"]) == ("Pump 1", "pump", "hall 3")
    pump, fan = hall.wire("pump").connect(), hall.wire("fan").connect()
    await_both(hall, gateway, "pump", "Online", "HeartbeatReceived")
    await_both(hall, gateway, "fan", "Offline", "HeartbeatExpired")
    pump.vanish()
    await_both(hall, gateway, "pump", "Offline", "LastWill")
    fan.beat()
    fan.sign_off()
    await_both(hall, gateway, "fan", "Offline", "Disconnected")
    hall.devices.delete("pump")
    eventually("the gateway has forgotten it", lambda: not shown(gateway, "pump"))
    assert shown(gateway, "fan")


async def send_reading(gateway: Gateway, device_id: str) -> None:
    """Send one reading, and no status."""
    async with gateway.site.device(device_id) as device:
        await device.publish(f"devices/{device_id}/data", b'{"sensor_type":"t","value":1}')


def test_device_that_sent_data_alone_is_offline_for_a_gateway_that_began_later(
    hall: BrokeredSite, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.site.processor().start().await_ready()
    hall.devices.apply("pump", offlineAfter="3s", heartbeatInterval="1s")
    await_both(hall, gateway, "pump", "Unknown", "NotYetSeen")

    def is_seen() -> bool:
        asyncio.run(send_reading(gateway, "pump"))
        return bool(hall.status("pump")["connectivity"]["reason"] != "NotYetSeen")

    # What arrives while a processor that has just connected may still read a queue is no proof.
    eventually("a reading is proof", is_seen, 30, 1.0)
    await_both(hall, gateway, "pump", "Offline", "HeartbeatExpired")
    later = Gateways(gateway.site, tmp_path)
    try:
        other = later("gateway-b")
        eventually("the same at a gateway that began later", lambda: shown(other, "pump").get("status") == "offline", 5)
        answer = shown(other, "pump")
        assert (answer["status"], answer["reason"]) == ("offline", "HeartbeatExpired")
        assert answer["last_seen"], "the store has it"
    finally:
        later.end()
    assert hall.status("pump")["connectivity"]["reason"] == "HeartbeatExpired"
