"""G8: nothing that another device does counts as a sign of life of a device, nor ends it, in the operator's eyes."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.edge_operator.impersonation.attacks import FILTERS, KNOWN, NAMES, STRANGERS, TOPICS
from tests.edge_operator.impersonation.party import DOORS, VERSIONS, Door, Party, Will
from tests.edge_operator.impersonation.town import ATTACKER, STATUS, VICTIM
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess
from tests.support.sites import Sites

SILENT, WITNESS = "silent", "witness"
OFFLINE = b'{"status":"offline","reason":"Disconnected"}'
ONLINE = b'{"status":"online","metadata":{"firmware":"forged"}}'
DEVICE_DOORS = [name for name in DOORS if name != "components"]


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    ids = [VICTIM, ATTACKER, SILENT, WITNESS]
    with brokered(Sites.of(api, namespace), "hall", module_mosquitto(ids)) as site:
        site.apply(devices={"heartbeatInterval": "30s", "offlineAfter": "10m"})
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    """An operator with one Online device, one Pending one, and one that marks the end of an attack."""
    operator = site.lead(make_operator)
    for device in (VICTIM, ATTACKER, SILENT, WITNESS):
        site.devices.apply(device)
    site.wire(VICTIM).connect()
    site.await_phase(VICTIM, "Online")
    site.await_phase(SILENT, "Unknown", "NotYetSeen")
    return operator


def told(site: BrokeredSite) -> dict[str, Any]:
    """Return the status of the two attacked devices."""
    return {device: site.status(device) for device in (VICTIM, SILENT)}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", DEVICE_DOORS)
def test_the_status_of_the_victims_does_not_change(
    name: str, version: str, site: BrokeredSite, operator: OperatorProcess
) -> None:
    before, door = told(site), Door(site.broker, name, version)
    attack(door, site.broker.passwords)
    # The broker forwards in order: once this one is reported, all of the attack would be.
    phase = site.status(WITNESS).get("phase")
    witness = site.wire(WITNESS).connect()
    site.await_phase(WITNESS, "Online")
    witness.sign_off()
    site.await_phase(WITNESS, "Offline", "Disconnected")
    assert phase != "Online"
    assert told(site) == before


def attack(door: Door, passwords: dict[str, str]) -> None:
    """Try everything by one door."""
    silent = f"devices/{SILENT}/status"
    for topic in (*TOPICS.values(), silent):
        for payload in (OFFLINE, ONLINE, b""):
            attacker = Party(door)
            assert attacker.enter(ATTACKER, passwords[ATTACKER], ATTACKER)
            attacker.publish(topic, payload, retain=True)
            attacker.leave()
        dying = Party(door)
        dying.enter(ATTACKER, passwords[ATTACKER], ATTACKER, will=Will(topic, OFFLINE))
        dying.break_off()
    for topic in FILTERS.values():
        attacker = Party(door)
        assert attacker.enter(ATTACKER, passwords[ATTACKER], ATTACKER)
        attacker.subscribe(topic)
        attacker.leave()
    for client_id in filter(None, NAMES.values()):
        pretender = Party(door)
        if pretender.enter(ATTACKER, passwords[ATTACKER], client_id, clean=False, will=Will(STATUS, OFFLINE)):
            pretender.publish(STATUS, OFFLINE, retain=True)
        pretender.break_off()
    for username, password in STRANGERS.values():
        stranger = Party(door)
        given = passwords[ATTACKER] if password == KNOWN else password
        assert not stranger.enter(username, given, VICTIM, will=Will(STATUS, OFFLINE))
        stranger.break_off()
