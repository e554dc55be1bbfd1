import math
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from edge_liveness import DeviceSettings, Phase, Reason, RestoredState
from edge_liveness.device import Device
from edge_liveness.expiry import PER_SECOND, Expiry

SEED = RestoredState(Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, 0.0)


def device(name: str) -> Device:
    return Device(name, SEED, DeviceSettings(10.0), 0.0)


def test_filing_moves_later_and_never_earlier() -> None:
    expiry, pump = Expiry(), device("pump")
    expiry.file(pump, 10)
    expiry.file(pump, 20)
    expiry.file(pump, 15)
    assert expiry.first() == 20
    assert list(expiry.due(19.99)) == []
    assert list(expiry.due(20)) == [pump]
    assert expiry.first() is None


def test_refiling_may_move_earlier() -> None:
    expiry, pump = Expiry(), device("pump")
    expiry.file(pump, 20)
    expiry.refile(pump, 5)
    assert list(expiry.due(5)) == [pump]


def test_refiling_is_never_due_before_its_deadline() -> None:
    expiry, pump = Expiry(), device("pump")
    expiry.refile(pump, 5.1)
    assert expiry.first() == 5.25
    assert list(expiry.due(5.2)) == []
    assert list(expiry.due(5.25)) == [pump]


def test_device_that_is_filed_within_its_slot_stays_in_it() -> None:
    expiry, pump = Expiry(), device("pump")
    expiry.file(pump, 5.1)
    slot = pump.slot
    expiry.file(pump, 5.2)
    assert slot is not None
    assert pump.slot is slot


def test_what_is_dropped_is_never_due() -> None:
    expiry, pump, fan = Expiry(), device("pump"), device("fan")
    expiry.file(pump, 5)
    expiry.file(fan, 5)
    expiry.drop(pump)
    expiry.drop(pump)
    assert list(expiry.due(100)) == [fan]


def test_a_device_that_beats_for_a_week_leaves_no_litter() -> None:
    expiry, pump = Expiry(), device("pump")
    tracemalloc.start()
    try:
        for second in range(10_000):
            expiry.file(pump, second + 604_800)
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()


def test_order_holds_when_emptied_slots_were_swept_away() -> None:
    expiry, late, early, pump = Expiry(), device("late"), device("early"), device("pump")
    expiry.file(late, 1000)
    expiry.file(early, 5)
    for second in range(2000, 2200):
        expiry.file(pump, second)
    assert [expiry.first(), list(expiry.due(5))] == [5, [early]]
    assert [expiry.first(), list(expiry.due(1000))] == [1000, [late]]
    assert [expiry.first(), list(expiry.due(2199))] == [2199, [pump]]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 100)), max_size=60), st.lists(st.floats(0, 130)))
def test_devices_are_due_once_after_their_last_deadline_and_soon(
    filings: list[tuple[str, float]], looks: list[float]
) -> None:
    expiry, devices, deadlines = Expiry(), {name: device(name) for name in "abcdef"}, dict[str, float]()
    for name, deadline in filings:
        expiry.file(devices[name], deadline)
        deadlines[name] = max(deadlines.get(name, 0.0), deadline)
    for at in [*sorted(looks), 200.0]:
        due = {each.device_id for each in expiry.due(at)}
        assert all(deadlines[name] <= at for name in due)
        for name in due:
            del deadlines[name]
        assert all(deadline > at - 1 / PER_SECOND for deadline in deadlines.values())
        assert (expiry.first() or math.inf) >= min(deadlines.values(), default=math.inf)
    assert not deadlines
