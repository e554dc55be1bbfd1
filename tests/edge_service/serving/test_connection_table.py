"""Which connections are kept when there are too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_service.serving.connection_table import ConnectionTable, Slot
from edge_service.serving.limits import ConnectionLimits


class World:
    def __init__(self, connections: int = 3, per_source: int = 2, reserve: int = 1) -> None:
        self.ended: list[str] = []
        self.reasons: list[str] = []
        limits = ConnectionLimits(connections, per_source, reserve)
        self.table = ConnectionTable(limits, self.reasons.append)

    def admit(self, source: str, name: str = "", *, busy: bool = False) -> Slot | None:
        slot = self.table.admit(source)
        if slot is not None:
            slot.abort = lambda: self.ended.append(name or source)
            if busy:
                slot.set_busy()
        return slot


def test_the_oldest_that_waits_makes_room_and_a_busy_one_never_does() -> None:
    world = World()
    world.admit("a", busy=True)
    world.admit("b", "b1")
    world.admit("c", "c1")
    assert world.ended == []
    newest = world.admit("d")
    assert newest is not None
    assert not newest.is_reserve
    assert (world.ended, world.reasons, len(world.table)) == (["b1"], ["displaced"], 3)


def test_a_source_beyond_its_limit_displaces_only_its_own() -> None:
    world = World(connections=10)
    world.admit("other", "other")
    for number in range(5):
        world.admit("flood", f"f{number}")
    assert world.ended == ["f0", "f1", "f2"]
    assert len(world.table) == 3


def test_who_has_waited_longest_counts_from_his_last_request() -> None:
    world = World()
    first = world.admit("a", "first")
    world.admit("b", "second")
    world.admit("c", "third")
    assert first is not None
    first.set_busy()
    first.set_waiting()
    world.admit("d")
    assert world.ended == ["second"]


def test_when_all_are_busy_a_few_more_are_for_the_probes_and_the_rest_is_refused() -> None:
    world = World()
    for source in "abc":
        world.admit(source, busy=True)
    probe = world.admit("kubelet", "kubelet", busy=True)
    assert probe is not None
    assert probe.is_reserve
    assert world.admit("d") is None
    assert world.reasons == ["refused"]
    probe.release()
    probe.release()
    again = world.admit("e")
    assert again is not None
    assert again.is_reserve


def test_a_busy_source_at_its_limit_gets_the_reserve_as_well() -> None:
    world = World(connections=10)
    for _ in range(2):
        world.admit("node", busy=True)
    probe = world.admit("node", busy=True)
    assert probe is not None
    assert probe.is_reserve
    assert world.admit("node") is None
    other = world.admit("other")
    assert other is not None
    assert not other.is_reserve


def test_room_is_made_when_the_process_has_no_files_left() -> None:
    world = World(connections=10, per_source=10)
    for number in range(5):
        world.admit("a", f"a{number}", busy=number == 1)
    world.table.make_room(3)
    assert world.ended == ["a0", "a2", "a3"]
    world.table.make_room(64)
    assert (world.ended[3:], len(world.table)) == (["a4"], 1)


STEPS = st.lists(
    st.tuples(st.sampled_from(["admit", "busy", "waiting", "release"]), st.integers(0, 30), st.sampled_from("abc")),
    max_size=200,
)


@pytest.mark.parametrize(("connections", "per_source", "reserve"), [(3, 2, 1), (5, 5, 0), (4, 1, 2)])
@given(STEPS)
def test_no_order_of_events_exceeds_the_limits(
    connections: int, per_source: int, reserve: int, steps: list[tuple[str, int, str]]
) -> None:
    world = World(connections, per_source, reserve)
    slots: list[Slot] = []
    for step, which, source in steps:
        if step == "admit":
            slot = world.admit(source)
            slots += [] if slot is None else [slot]
        elif slots:
            chosen = slots[which % len(slots)]
            {"busy": chosen.set_busy, "waiting": chosen.set_waiting, "release": chosen.release}[step]()
        assert len(world.table) <= connections + reserve
    for slot in slots:
        slot.release()
    assert len(world.table) == 0
    fresh = [world.admit(source) for source in "abc"]
    assert all(each is not None and not each.is_reserve for each in fresh)
