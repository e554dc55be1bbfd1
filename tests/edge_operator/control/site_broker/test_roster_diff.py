"""What is sent of a site's roster: only what differs from what its broker holds."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.control.site_broker.roster_diff import RosterDiff
from edge_operator.control.site_broker.roster_entry import roster_entry
from edge_wire.messages import RosterEntry
from tests.edge_operator.control.samples import device, site

ALL = 1000


class World:
    """A roster, what is wanted, and a broker that holds what it is sent."""

    def __init__(self, wanted: dict[str, bytes], *, may_clear: Callable[[str, bytes], bool] = lambda *_: True) -> None:
        self.wanted = dict(wanted)
        self.held: dict[str, bytes] = {}
        self.sent: list[tuple[str, bytes]] = []
        self.may_clear = may_clear
        self.roster = self._new()

    def _new(self) -> RosterDiff:
        return RosterDiff(lambda device_id: self.wanted.get(device_id, b""), self.may_clear)

    def connect(self, *, complete: bool = True) -> None:
        self.roster = self._new()
        for device_id, payload in self.held.items():
            self.roster.on_retained(device_id, payload)
        if complete:
            self.roster.complete(self.wanted)

    def want(self, device_id: str, payload: bytes) -> None:
        self.wanted[device_id] = payload
        if not payload:
            del self.wanted[device_id]
        self.roster.mark_changed(device_id)

    def look(self, most: int = ALL) -> list[tuple[str, bytes]]:
        sent = self.roster.next_changes(most)
        self.sent += sent
        for device_id, payload in sent:
            self.held[device_id] = payload
            if not payload:
                del self.held[device_id]
        return sent


def test_broker_without_entries_gets_one_of_every_device() -> None:
    world = World({"a": b"1", "b": b"2"})
    world.connect()
    assert world.look() == [("a", b"1"), ("b", b"2")]
    assert world.look() == []


def test_only_what_differs_is_sent() -> None:
    world = World({"same": b"1", "other": b"2", "new": b"3"})
    world.held = {"same": b"1", "other": b"0", "gone": b"4"}
    world.connect()
    assert world.look() == [("other", b"2"), ("gone", b""), ("new", b"3")]
    world.connect()
    assert world.look() == []


def test_nothing_is_sent_before_all_that_is_retained_has_come() -> None:
    world = World({"a": b"1"})
    world.connect(complete=False)
    world.want("b", b"2")
    assert world.look() == []
    world.roster.on_retained("b", b"2")
    world.roster.complete(world.wanted)
    assert world.look() == [("a", b"1")]


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        pytest.param(b"", b"1", [("a", b"1")], id="appears"),
        pytest.param(b"1", b"2", [("a", b"2")], id="changes"),
        pytest.param(b"1", b"1", [], id="changes in something that the gateway need not know"),
        pytest.param(b"1", b"", [("a", b"")], id="goes"),
        pytest.param(b"", b"", [], id="goes before it was sent"),
    ],
)
def test_change(before: bytes, after: bytes, sent: list[tuple[str, bytes]]) -> None:
    world = World({"a": before} if before else {})
    world.connect()
    world.look()
    if after:
        world.want("a", after)
    else:
        world.wanted.pop("a", None)
        world.roster.mark_changed("a")
    assert world.look() == sent


def test_nothing_is_held_of_a_device_that_was_cleared() -> None:
    world = World({"a": b"1"}, may_clear=lambda _, payload: payload != b"")
    world.connect()
    world.look()
    assert world.roster.held() == ("a",)
    world.want("a", b"")
    assert world.look() == [("a", b"")]
    assert world.roster.held() == ()
    world.roster.mark_changed("a")
    assert world.look() == []


def test_device_that_another_has_cleared_is_not_held() -> None:
    world = World({}, may_clear=lambda _, payload: payload != b"")
    world.held = {"a": b"1"}
    world.connect(complete=False)
    assert world.roster.held() == ("a",)
    world.roster.on_retained("a", b"")
    assert (world.roster.held(), len(world.roster)) == ((), 0)


def test_changed_and_changed_back_is_nothing() -> None:
    world = World({"a": b"1"})
    world.connect()
    world.look()
    world.want("a", b"2")
    world.want("a", b"1")
    assert world.look() == []


def test_replay_that_comes_late_is_put_right() -> None:
    world = World({"a": b"1"})
    world.connect()
    world.look()
    world.roster.on_retained("a", b"0")
    assert world.look() == [("a", b"1")]
    world.roster.on_retained("gone", b"4")
    assert world.look() == [("gone", b"")]


def test_what_is_not_ours_to_clear_is_left_and_what_is_wanted_is_written_over() -> None:
    world = World({"a": b"1"}, may_clear=lambda _device_id, payload: payload == b"ours")
    world.held = {"a": b"theirs", "b": b"theirs", "c": b"ours"}
    world.connect()
    assert world.look() == [("a", b"1"), ("c", b"")]


def test_no_look_is_longer_than_allowed() -> None:
    world = World({f"d{number}": b"1" for number in range(10)})
    world.connect()
    assert [len(world.look(4)) for _ in range(4)] == [4, 4, 2, 0]
    assert len(world.sent) == 10


IDS = st.sampled_from(["a", "b", "c"])
STEPS = st.one_of(
    st.tuples(st.just("want"), IDS, st.sampled_from([b"", b"1", b"2"])),
    st.tuples(st.just("look"), st.integers(0, 2), st.none()),
    st.tuples(st.just("connect"), st.booleans(), st.none()),
    st.tuples(st.just("lose"), IDS, st.sampled_from([b"", b"0", b"1"])),
)


@given(st.lists(STEPS))
def test_whatever_happens_the_broker_ends_up_right_and_nothing_is_sent_twice(steps: list[tuple[Any, ...]]) -> None:
    world = World({})
    for step, what, payload in steps:
        if step == "want" and (payload or what in world.wanted):
            world.want(what, payload)
        elif step == "look":
            world.look(what)
        elif step == "connect":
            world.connect(complete=what)
        elif step == "lose":
            world.held[what] = payload
            if not payload:
                del world.held[what]
            world.connect(complete=False)
    world.connect()
    wrong = sum(world.held.get(name, b"") != world.wanted.get(name, b"") for name in {*world.held, *world.wanted})
    assert len(world.look()) == wrong
    assert world.held == world.wanted
    assert world.look() == []


def test_entry_says_what_the_device_says_with_the_defaults_of_its_site() -> None:
    plant = site(devices={"heartbeatInterval": "10s", "offlineAfter": "1m"})
    assert roster_entry(device(), plant) == RosterEntry(
        id="pump", heartbeat_interval_seconds=10.0, offline_after_seconds=60.0, uid="uid-pump", site="factory/plant"
    )
    spec: dict[str, Any] = {
        "deviceId": "p-1",
        "displayName": "Pump 1",
        "type": "pump",
        "location": "hall 3",
        "attributes": {"b": "2", "a": "1"},
        "heartbeatInterval": "1m",
        "presence": "Intermittent",
        "disabled": True,
        "credentials": {"rotation": 3},
    }
    assert orjson.loads(roster_entry(device(**spec), plant).encode()) == {
        "id": "p-1",
        "name": "Pump 1",
        "type": "pump",
        "location": "hall 3",
        "attributes": {"a": "1", "b": "2"},
        "heartbeat_interval_seconds": 60.0,
        "offline_after_seconds": 150.0,
        "presence": "Intermittent",
        "disabled": True,
        "rotation": 3,
        "cloud_commands": False,
        "liveness": None,
        "uid": "uid-pump",
        "site": "factory/plant",
    }
    assert (
        roster_entry(device(**spec), plant).encode()
        == roster_entry(device(**spec | {"attributes": {"a": "1", "b": "2"}}), plant).encode()
    )
