"""Whatever comes in whatever order: what is listed, counted and kept alive are the same devices."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.edge_gateway.devices.tables import World

IDS = st.sampled_from(["a", "b", "c"])
STEPS = st.one_of(
    st.tuples(st.just("say"), IDS, st.sampled_from(["online", "offline"]), st.booleans()),
    st.tuples(st.just("clear"), IDS),
    st.tuples(st.just("list"), IDS, st.booleans(), st.sampled_from([None, 5.0, 60.0])),
    st.tuples(st.just("delist"), IDS),
    st.tuples(st.just("hear"), IDS),
    st.tuples(
        st.just("digest"), IDS, st.sampled_from([0.0, 3.0, 1e300]), st.sampled_from([None, 0.0, 30.0]), st.booleans()
    ),
    st.tuples(st.just("lose")),
    st.tuples(st.just("begin")),
    st.tuples(st.just("complete")),
    st.tuples(st.just("boot"), st.sampled_from(["1", "2"])),
    st.tuples(st.just("wait"), st.sampled_from([0.25, 4.0, 20.0, 70.0])),
)


DOES: dict[str, Callable[..., None]] = {
    "say": lambda world, device_id, status, retained: world.say(device_id, status, retained=retained),
    "clear": lambda world, device_id: world.table.set_status(device_id, None),
    "list": lambda world, device_id, disabled, offline_after: world.roster(
        device_id, disabled=disabled, offline_after_seconds=offline_after
    ),
    "delist": lambda world, device_id: world.table.set_roster(device_id, None),
    "hear": lambda world, device_id: world.table.message_received(device_id),
    "digest": lambda world, device_id, age, lag, is_reply: world.digest(lag, is_reply=is_reply, **{device_id: age}),
    "lose": lambda world: world.liveness.lost(),
    "begin": lambda world: world.table.begin_resync(),
    "complete": lambda world: world.table.end_resync(),
    "boot": lambda world, boot_id: world.liveness.on_boot_id(boot_id),
    "wait": lambda world, seconds: world.wait(seconds),
}


def take(world: World, step: str, *given_: Any) -> None:
    DOES[step](world, *given_)


@given(st.lists(STEPS, max_size=40))
def test_table_and_liveness_have_the_same_devices(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    for step in steps:
        take(world, *step)
        ids = world.ids()
        assert ids == sorted(set(ids))
        assert (
            len(ids) == len(world.table) == world.liveness.counts().total == sum(world.table.count_by_status().values())
        )
        for state, count in world.table.count_by_status().items():
            assert count == world.table.count(status=state) == len(world.table.page("", 10, status=state).devices)
        for device_id in ids:
            assert world.shown(device_id).to_object()["id"] == device_id


@given(st.lists(STEPS, max_size=40))
def test_nothing_is_left_of_deleted_devices(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    for step in steps:
        take(world, *step)
    for device_id in ("a", "b", "c"):
        world.roster(device_id)
        world.table.set_status(device_id, None)
        world.table.set_roster(device_id, None)
    assert (world.ids(), world.liveness.counts().total) == ([], 0)
