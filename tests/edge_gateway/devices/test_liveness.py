"""Whether a device is alive, as the gateway decides it: the rules are `edge_liveness`'s, tested there."""

import pytest

from tests.edge_gateway.devices.tables import World


def test_from_the_roster_to_silence() -> None:
    world = World()
    world.roster("a", heartbeat_interval_seconds=1.0, offline_after_seconds=5.0)
    assert world.state("a") == ("unknown", "NotYetSeen")
    world.wait(60)
    assert world.state("a") == ("unknown", "NotYetSeen")
    world.say("a")
    assert world.state("a") == ("online", "HeartbeatReceived")
    world.wait(4)
    world.digest(a=0.0)
    world.wait(4)
    assert world.state("a")[0] == "online"
    world.wait(2)
    assert world.state("a") == ("offline", "HeartbeatExpired")
    world.table.message_received("a")
    assert world.state("a")[0] == "online"
    assert world.on_transition[-2:] == ["HeartbeatReceived", "HeartbeatExpired"]


@pytest.mark.parametrize("fields", [{}, {"heartbeat_interval_seconds": 100.0}, {"offline_after_seconds": 400.0}])
def test_without_a_roster_the_defaults_count(fields: dict[str, float]) -> None:
    world = World("a")
    seconds = 300.0
    if fields:
        world.roster("a", **fields)
        seconds = fields.get("offline_after_seconds", 300.0)
    world.wait(seconds - 1)
    assert world.state("a")[0] == "online"
    world.wait(2)
    assert world.state("a") == ("offline", "HeartbeatExpired")


def test_will_is_held_for_its_grace_and_dropped_by_proof() -> None:
    world = World("a", "b")
    world.say("a", "offline")
    world.say("b", "offline")
    world.wait(2)
    world.digest(a=0.0)
    world.wait(2)
    assert world.state("a")[0] == "online"
    assert world.state("b") == ("offline", "LastWill")


def test_late_will_of_an_older_session_is_nothing() -> None:
    world = World()
    world.say("a", session="2")
    world.say("a", "offline", session="1")
    world.wait(5)
    assert world.state("a")[0] == "online"


def test_of_an_intermittent_device_only_silence_makes_it_offline() -> None:
    world = World()
    world.roster("a", presence="Intermittent", offline_after_seconds=10.0)
    world.say("a")
    world.say("a", "offline", reason="Disconnected")
    world.wait(9)
    assert world.state("a")[0] == "online"
    world.wait(2)
    assert world.state("a") == ("offline", "HeartbeatExpired")


def test_disabled_device() -> None:
    world = World("a")
    world.roster("a", disabled=True)
    world.table.message_received("a")
    assert world.state("a") == ("unknown", "Disabled")
    assert world.table.count_by_status()["unknown"] == 1
    world.roster("a")
    assert world.state("a") == ("unknown", "NotYetSeen")


def test_after_30_seconds_without_the_broker_devices_are_unknown() -> None:
    world = World("a")
    world.liveness.lost()
    world.wait(29)
    assert world.state("a")[0] == "online"
    world.wait(2)
    assert world.state("a") == ("unknown", "SiteUnreachable")
    world.table.begin_resync()
    world.say("a", retained=True)
    world.digest(a=0.0)
    assert world.state("a")[0] == "online"


def test_what_was_retained_alone_proves_nothing() -> None:
    world = World()
    world.liveness.on_boot_id("first")
    world.say("on", retained=True)
    world.say("off", "offline", retained=True)
    assert world.state("on") == ("unknown", "BrokerRestarted")
    assert world.state("off") == ("unknown", "BrokerRestarted")
    world.wait(301)
    assert world.state("on") == ("offline", "HeartbeatExpired")


def test_what_the_store_has_of_a_device_begins_its_life_for_a_gateway_that_began_later() -> None:
    world = World()
    for name in ("a", "old", "off", "lost"):
        world.roster(name, offline_after_seconds=60.0)
    world.say("a", retained=True)
    world.say("off", "offline", retained=True)
    world.say("lost")
    world.say("lost", "offline", reason="Disconnected")
    world.digest(lag=None, is_reply=True, a=1.0)
    assert world.state("a")[0] == "unknown", "how old it is is not known"
    world.digest(lag=2.0, is_reply=True, a=10.0, old=59.0, off=10.0, lost=0.0)
    assert world.state("a") == ("online", "HeartbeatReceived")
    assert world.state("old") == ("unknown", "BrokerRestarted"), "it was there, before"
    assert world.state("off") == ("unknown", "BrokerRestarted")
    assert world.state("lost") == ("offline", "Disconnected")
    last_seen = world.shown("a").last_seen
    assert last_seen is not None
    assert (world.now() - last_seen).total_seconds() == 12.0
    world.wait(59)
    assert world.state("a")[0] == "online", "no deadline is nearer than one offlineAfter after our start"
    world.wait(2)
    assert world.state("a") == ("offline", "HeartbeatExpired")


def test_silence_without_a_processor_means_nothing() -> None:
    world = World("a")
    world.liveness.processor_status(is_online=False, retained=False)
    world.wait(1000)
    world.liveness.missed_window()
    assert world.state("a")[0] == "online"
    world.liveness.processor_status(is_online=True, retained=False)
    world.wait(301)
    assert world.state("a") == ("offline", "HeartbeatExpired")


def test_a_process_that_slept_has_not_listened() -> None:
    world = World("a")
    world.at += 1000
    world.liveness.missed_window()
    world.wait(299)
    assert world.state("a")[0] == "online"
    world.wait(2)
    assert world.state("a")[0] == "offline"


def test_many_wills_at_once_are_one_event_with_a_longer_grace() -> None:
    names = [f"d{number}" for number in range(10)]
    world = World(*names)
    for name in names:
        world.say(name, "offline")
    world.wait(29)
    assert world.table.count_by_status()["online"] == 10
    world.wait(2)
    assert world.table.count_by_status()["offline"] == 10


@pytest.mark.parametrize(("lag", "age"), [(1e300, 0.0), (0.0, 1e300), (0.0, -5.0), (1e9, 1e9)])
def test_g10_no_number_in_a_digest_is_a_fault(lag: float, age: float) -> None:
    world = World("a")
    world.digest(lag, a=age, b=age)
    world.digest(lag, is_reply=True, a=age, b=age)
    for device in world.table.page("", 10).devices:
        assert device.to_object()["id"]
