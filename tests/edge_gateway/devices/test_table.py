"""Which devices are listed, and how."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.devices import table as module
from edge_wire.messages import DeviceStatus
from tests.edge_gateway.devices.tables import NOON, World


def test_a_device_is_listed_from_its_status_its_roster_or_a_message() -> None:
    world = World("b")
    world.roster("a", type="pump")
    world.table.message_received("c")
    world.digest(d=1.0)
    assert world.ids() == ["a", "b", "c", "d"]
    assert world.table.count_by_status() == {"online": 3, "offline": 0, "unknown": 1}
    assert len(world.table) == 4


def test_it_is_removed_with_both_its_status_and_its_roster() -> None:
    world = World("a")
    world.roster("a")
    world.table.set_status("a", None)
    assert world.ids() == ["a"]
    world.table.set_roster("a", None)
    assert world.ids() == []
    assert world.table.get("a") is None
    world.table.set_status("never", None)
    world.table.set_roster("never", None)
    assert world.ids() == []
    assert sum(world.table.count_by_status().values()) == 0


def test_device_that_leaves_the_roster_and_has_a_status_is_one_of_the_defaults() -> None:
    world = World()
    world.roster("a", offline_after_seconds=10.0)
    world.say("a")
    world.table.set_roster("a", None)
    world.wait(299)
    assert world.state("a") == ("online", "HeartbeatReceived")
    world.wait(2)
    assert world.state("a") == ("offline", "HeartbeatExpired")


def test_what_was_under_way_when_a_device_went_does_not_bring_it_back() -> None:
    world = World()
    world.roster("a")
    world.table.set_roster("a", None)
    world.digest(a=0.5)
    world.table.message_received("a")
    world.digest(a=0.5, is_reply=True)
    assert world.ids() == []
    world.say("a", "offline")
    assert world.ids() == ["a"], "it is there again on its own word"
    world.table.set_status("a", None)
    world.wait(61)
    world.digest(a=0.5)
    assert world.ids() == ["a"]


@pytest.mark.parametrize(
    ("before", "after", "is_another"),
    [("1", "2", True), ("1", "1", False), ("", "2", False), ("1", "", False)],
    ids=["another", "the same", "an operator that did not tell", "an operator that does not tell any more"],
)
def test_device_that_was_created_again_at_once_is_a_new_one(before: str, after: str, *, is_another: bool) -> None:
    world = World()
    world.roster("a", uid=before)
    world.say("a", session="9", metadata={"firmware": "1"})
    world.roster("a", uid=after, name="Pump")
    assert world.state("a") == (("unknown", "NotYetSeen") if is_another else ("online", "HeartbeatReceived"))
    assert world.shown("a").to_object()["name"] == "Pump"
    world.say("a", "offline", session="1")
    world.wait(5)
    assert world.state("a")[0] == ("offline" if is_another else "online"), "a session is of one life"


def test_what_was_only_active_is_removed_if_a_new_connection_receives_nothing_of_it() -> None:
    world = World()
    world.digest(a=0.0, b=0.0)
    world.wait(1)
    world.liveness.lost()
    world.table.begin_resync()
    world.table.end_resync()
    world.digest(b=0.0)
    world.wait(20)
    assert world.ids() == ["b"]


def test_a_reply_lists_nobody() -> None:
    world = World()
    world.digest(a=0.5, is_reply=True)
    assert world.ids() == []


def test_the_table_is_current_from_the_end_of_a_resync_to_the_end_of_its_connection() -> None:
    world = World()
    assert not world.table.is_current
    world.table.begin_resync()
    assert not world.table.is_current
    world.table.end_resync()
    assert world.table.is_current
    world.table.disconnected()
    assert (world.table.is_current, world.table.has_been_complete) == (False, True)
    world.table.end_resync()
    world.table.begin_resync()
    assert not world.table.is_current, "a connection that began before the end of the last one was noticed"


def test_what_the_broker_does_not_send_again_after_a_reconnect_is_removed() -> None:
    world = World("kept", "cleared", "listed")
    world.roster("listed")
    world.roster("left")
    assert not world.table.has_been_complete
    world.table.end_resync()
    assert world.table.has_been_complete
    assert world.ids() == ["cleared", "kept", "left", "listed"]
    world.wait(1)
    world.table.begin_resync()
    world.say("kept")
    world.roster("listed")
    world.wait(60)
    assert world.ids() == ["cleared", "kept", "left", "listed"], "until all is told nothing is missing"
    world.table.end_resync()
    world.wait(14)
    assert world.ids() == ["cleared", "kept", "left", "listed"], "a broker that lost its data is told again"
    world.wait(2)
    assert world.ids() == ["kept", "listed"]
    assert world.shown("listed").record.status is None
    assert world.state("listed")[0] == "online", "what was heard of it stands"


def test_a_broker_that_lost_its_data_costs_no_state() -> None:
    world = World("own", "silent")
    world.roster("listed", offline_after_seconds=60.0)
    world.table.message_received("listed")
    world.table.end_resync()
    world.liveness.lost()
    world.wait(3)
    world.table.begin_resync()
    world.table.end_resync()
    world.wait(5)
    world.roster("listed", offline_after_seconds=60.0)
    world.table.message_received("own")
    world.wait(20)
    assert world.ids() == ["listed", "own"], "who was heard is there, whoever tells of it"
    assert world.state("listed") == world.state("own") == ("online", "HeartbeatReceived")
    world.digest(silent=0.0)
    assert "silent" in world.ids(), "it was forgotten, not taken back"


def test_devices_without_a_roster_entry_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNLISTED", 2)
    world = World("a", "b", "c")
    assert (world.ids(), world.turned_away) == (["a", "b"], 1)
    world.digest(c=1.0, d=1.0)
    assert (world.ids(), world.turned_away) == (["a", "b"], 3)
    world.roster("c")
    world.roster("a")
    world.say("d")
    assert (world.ids(), world.turned_away) == (["a", "b", "c", "d"], 3)
    world.table.set_status("b", None)
    world.say("e")
    assert world.ids() == ["a", "c", "d", "e"]
    world.table.set_roster("a", None)
    world.say("f")
    assert (world.ids(), world.turned_away) == (["a", "c", "d", "e"], 4)


def test_pages_are_filtered_before_they_are_cut() -> None:
    world = World()
    for number in range(10):
        world.say(f"d{number}", type="pump" if number % 2 else "valve")
    page = world.table.page("", 2, type_="pump")
    assert ([device.id for device in page.devices], page.last) == (["d1", "d3"], "d3")
    page = world.table.page("d5", 2, type_="pump")
    assert ([device.id for device in page.devices], page.last) == (["d7", "d9"], None)
    assert world.table.count(type_="pump") == 5
    assert world.table.count(status="offline") == 0
    assert world.table.count(status="nonsense") == 0
    assert world.table.count(status="online", type_="valve") == 5
    assert world.table.page("", 5, status="offline").devices == ()


@given(st.sets(st.from_regex(r"[A-Za-z0-9._-]{1,4}", fullmatch=True)), st.integers(1, 5))
def test_pages_together_are_the_table(devices: set[str], limit: int) -> None:
    world = World(*devices)
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = world.table.page(after, limit)
        assert len(page.devices) <= limit
        found += [device.id for device in page.devices]
        after = page.last
    assert found == sorted(devices)


@pytest.mark.parametrize(
    ("own", "heard", "seen"),
    [
        pytest.param(-7200, None, -7200, id="its own word, where we did not hear it"),
        pytest.param(-7200, 0, 0, id="we heard it later"),
        pytest.param(None, 0, 0, id="we heard it"),
        pytest.param(7200, None, None, id="a clock that is ahead tells nothing"),
        pytest.param(7200, 0, 0, id="nor where we heard it"),
        pytest.param(None, None, None, id="nothing is known"),
    ],
)
def test_last_seen_is_the_latest_of_what_is_known(own: int | None, heard: int | None, seen: int | None) -> None:
    def moment(seconds: int | None) -> dt.datetime | None:
        return None if seconds is None else NOON + dt.timedelta(seconds=seconds)

    world = World()
    world.say("a", retained=True, last_seen=moment(own))
    if heard is not None:
        world.table.message_received("a")
    assert world.shown("a").last_seen == moment(seen)


def test_a_device_shows_what_it_says_else_what_its_edgedevice_says() -> None:
    world = World()
    world.roster("a", name="listed", type="pump")
    shown = {"id": "a", "name": "listed", "type": "pump", "location": "", "metadata": {}}
    assert world.shown("a").to_object() == shown | {"status": "unknown", "reason": "NotYetSeen", "last_seen": None}
    status = DeviceStatus("a", "offline", "own", "", "hall", NOON, {"rack": 3}, "s1", "Disconnected", {"more": [1]})
    world.table.set_status("a", status)
    assert world.shown("a").to_object() == {
        "id": "a",
        "name": "own",
        "type": "pump",
        "location": "hall",
        "status": "offline",
        "reason": "Disconnected",
        "last_seen": "2026-01-31T12:00:00.000Z",
        "metadata": {"rack": 3},
        "session": "s1",
        "more": [1],
    }
    assert world.shown("a").to_status() == {
        "device_id": "a",
        "status": "offline",
        "last_seen": "2026-01-31T12:00:00.000Z",
    }
