"""The roster that a site's gateway gets of its EdgeDevices, by a real operator on a real broker."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from kubernetes import client

from edge_wire.messages import RosterEntry
from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.roster import RosterListener, put_entry, roster_of
from tests.support.sites import Sites

DEVICES = ("pump", "fan", "lamp", "p-7")


@pytest.fixture(scope="module")
def site(
    make_operator: OperatorFactory, module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient
) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "hall", module_mosquitto(DEVICES)) as site:
        site.apply(devices={"heartbeatInterval": "10s", "offlineAfter": "1m"})
        yield site


@pytest.fixture(scope="module")
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    return site.lead(make_operator)


@pytest.fixture
def roster(site: BrokeredSite, operator: OperatorProcess) -> Iterator[RosterListener]:
    with roster_of(site.broker) as listener:
        yield listener


def await_clean(site: BrokeredSite, roster: RosterListener) -> None:
    for name in site.phases():
        site.devices.delete(name)
    roster.await_ids()


def test_device_appears_changes_and_goes(site: BrokeredSite, roster: RosterListener) -> None:
    site.devices.apply("pump", displayName="Pump 1", type="pump", attributes={"serial": "17"})
    roster.await_ids("pump")
    assert roster.entries["pump"] == {
        "id": "pump",
        "name": "Pump 1",
        "type": "pump",
        "location": "",
        "attributes": {"serial": "17"},
        "heartbeat_interval_seconds": 10.0,
        "offline_after_seconds": 60.0,
        "presence": "Connected",
        "disabled": False,
        "rotation": 0,
        "cloud_commands": False,
        "uid": site.devices.get("pump")["metadata"]["uid"],
        "site": f"{site.sites.namespace}/hall",
    }
    status = eventually("the status is in the roster", lambda: roster.liveness["pump"])
    assert status == (site.status("pump")["phase"], site.status("pump")["connectivity"]["reason"])
    site.devices.apply("pump", displayName="Pump 1", offlineAfter="2m", presence="Intermittent", disabled=True)
    roster.await_field("pump", "offline_after_seconds", 120.0)
    assert (roster.entries["pump"]["presence"], roster.entries["pump"]["disabled"]) == ("Intermittent", True)
    site.devices.apply("pump", cloudCommands=True)
    roster.await_field("pump", "cloud_commands", value=True)
    site.devices.apply("pump")
    roster.await_field("pump", "cloud_commands", value=False)
    site.devices.delete("pump")
    roster.await_ids()


def test_recreated_device_is_published_as_another(site: BrokeredSite, roster: RosterListener) -> None:
    before = site.devices.apply("pump")["metadata"]["uid"]
    roster.await_field("pump", "uid", before)
    site.devices.delete("pump")
    roster.await_field("pump", "uid", site.devices.apply("pump")["metadata"]["uid"])
    assert roster.entries["pump"]["uid"] != before
    await_clean(site, roster)


def test_defaults_of_the_site_reach_every_entry(site: BrokeredSite, roster: RosterListener) -> None:
    site.devices.apply("pump")
    site.devices.apply("fan", offlineAfter="5m")
    roster.await_ids("pump", "fan")
    site.apply(devices={"heartbeatInterval": "10s", "offlineAfter": "90s"})
    roster.await_field("pump", "offline_after_seconds", 90.0)
    assert roster.sent.count("fan") == 1, "what did not change is not sent"
    site.apply(devices={"heartbeatInterval": "10s", "offlineAfter": "1m"})
    roster.await_field("pump", "offline_after_seconds", 60.0)
    await_clean(site, roster)


def test_of_two_devices_with_one_id_the_elder_is_published(site: BrokeredSite, roster: RosterListener) -> None:
    site.devices.apply("lamp", deviceId="p-7", type="elder")
    roster.await_ids("p-7")
    born = site.devices.get("lamp")["metadata"]["creationTimestamp"]
    eventually("another second", lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") > born)
    site.devices.apply("late", deviceId="p-7", type="younger")
    site.devices.await_reason("late", "Ready", "DuplicateDeviceId")
    assert roster.entries["p-7"]["type"] == "elder"
    site.devices.delete("lamp")
    roster.await_field("p-7", "type", "younger")
    await_clean(site, roster)


def test_restart_over_a_roster_that_is_right_sends_nothing(
    site: BrokeredSite, operator: OperatorProcess, roster: RosterListener
) -> None:
    for name in ("pump", "fan", "lamp"):
        site.devices.apply(name)
    roster.await_ids("pump", "fan", "lamp")
    operator.stop()
    site.devices.apply("fan", type="changed meanwhile")
    site.devices.delete("lamp")
    before = len(roster.sent)
    operator.start().await_leading()
    roster.await_ids("pump", "fan")
    roster.await_field("fan", "type", "changed meanwhile")
    site.broker.stop()
    site.await_broker("False", 10)
    again = roster.subscribed + 1
    site.broker.start()
    site.await_broker()
    eventually("the listener is back", lambda: roster.subscribed == again)
    site.devices.apply("lamp")
    roster.await_ids("pump", "fan", "lamp")
    assert sorted(roster.sent[before:]) == ["fan", "lamp", "lamp"], "changed, cleared, made anew"
    await_clean(site, roster)


def test_broker_that_lost_its_data_gets_every_entry_again(
    site: BrokeredSite, operator: OperatorProcess, roster: RosterListener
) -> None:
    site.devices.apply("pump")
    roster.await_ids("pump")
    site.broker.kill()
    for path in (site.broker.directory / "data").iterdir():
        if path.is_file():
            path.unlink()
    roster.entries.clear()
    site.await_broker("False", 10)
    site.broker.start()
    site.await_broker()
    roster.await_ids("pump")
    await_clean(site, roster)


def test_entry_of_nobody_is_cleared_as_the_broker_is_the_sites_own(
    site: BrokeredSite, operator: OperatorProcess, roster: RosterListener
) -> None:
    operator.stop()
    for device_id, payload in (("ghost", RosterEntry("ghost").encode()), ("bad", b'"no entry"')):
        put_entry(site.broker, device_id, payload)
    eventually("two", lambda: len(roster.entries) == 2)
    operator.start().await_leading()
    roster.await_ids()


def test_many_at_once_are_sent_in_turns(site: BrokeredSite, operator: OperatorProcess, roster: RosterListener) -> None:
    names = [f"unit-{number}" for number in range(60)]
    for name in names:
        site.devices.apply(name)
    roster.await_ids(*names, seconds=30)
    assert operator.metric("edge_roster_refused_total") == 0
    assert operator.metric("edge_roster_sent_total", kind="entry") >= len(names)
    assert operator.metric("edge_broker_messages_total", kind="roster") > 0
    assert not [line for line in operator.lines() if "did not send back" in line["message"]], (
        "the mark came back each time"
    )
    await_clean(site, roster)
