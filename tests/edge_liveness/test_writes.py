import pytest

from edge_liveness import StatusWrites, Write, WriteKind, WriteLimits

TRANSITION, REFRESH = WriteKind.TRANSITION, WriteKind.REFRESH


def drain(writes: StatusWrites[str], at: float) -> list[tuple[str, WriteKind]]:
    made = []
    while (write := writes.take(at)) is not None:
        made.append((write.key, write.kind))
        writes.done(write, at)
    return made


def taken(writes: StatusWrites[str], at: float) -> Write[str]:
    write = writes.take(at)
    assert write is not None
    return write


def play(writes: StatusWrites[str], until: float, step: float = 0.05) -> list[tuple[float, str, WriteKind]]:
    return [(n * step, *write) for n in range(int(until / step)) for write in drain(writes, n * step)]


def test_transitions_go_in_order_and_at_the_rate() -> None:
    writes = StatusWrites[str](WriteLimits(rate=10, burst=3), 0.0)
    for number in range(10):
        writes.changed(f"d{number}", 0.0)
    assert drain(writes, 0.0) == [(f"d{number}", TRANSITION) for number in range(3)]
    assert len(writes) == 7
    assert writes.next_at(0.0) == pytest.approx(0.1)
    assert len(drain(writes, 0.3)) == 3
    assert len(drain(writes, 100)) == 3


def test_newer_transition_of_a_device_takes_the_place_of_the_waiting_one() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    for key in ("a", "b", "a", "a"):
        writes.changed(key, 0.0)
    assert drain(writes, 0.0) == [("a", TRANSITION), ("b", TRANSITION)]
    assert writes.suppressed.transitions == 2


def test_no_two_writes_of_a_device_are_under_way() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    writes.changed("a", 0.0)
    first = taken(writes, 0.0)
    writes.changed("a", 0.1)
    writes.changed("a", 0.2)
    assert writes.take(0.2) is None
    assert len(writes) == 1
    writes.done(first, 0.3)
    assert drain(writes, 0.3) == [("a", TRANSITION)]
    assert writes.suppressed.transitions == 1


def test_transitions_go_before_refreshes() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    writes.track("old", 0.0)
    writes.changed("a", 1000)
    assert drain(writes, 1000) == [("a", TRANSITION), ("old", REFRESH)]


def test_refresh_comes_once_an_interval() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.track("a", 0.0)
    writes.track("a", 200.0)
    assert writes.next_at(0.0) == 300
    assert writes.take(299.9) is None
    assert drain(writes, 300) == [("a", REFRESH)]
    assert writes.next_at(300) == 600


def test_transition_is_a_refresh_too() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.track("a", 0.0)
    writes.changed("a", 299)
    assert drain(writes, 299) == [("a", TRANSITION)]
    assert drain(writes, 598.9) == []
    assert drain(writes, 599) == [("a", REFRESH)]


def test_refreshes_can_be_off() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=None), 0.0)
    writes.track("a", 0.0)
    writes.changed("b", 0.0)
    assert drain(writes, 0.0) == [("b", TRANSITION)]
    assert writes.take(1e9) is None
    assert writes.next_at(1e9) is None


def test_refreshes_take_half_of_the_budget_at_most() -> None:
    writes = StatusWrites[str](WriteLimits(rate=10, burst=10, refresh_after=10), 0.0)
    for number in range(1000):
        writes.track(f"d{number}", 0.0)
    assert writes.refresh_interval == 200
    made = play(writes, until=400)
    assert {kind for _, _, kind in made} == {REFRESH}
    assert len(made) == pytest.approx(200 * 5, abs=15)


def test_refreshes_held_back_by_the_size_of_the_fleet_are_counted() -> None:
    writes = StatusWrites[str](WriteLimits(rate=10, burst=10, refresh_after=100), 0.0)
    for number in range(1000):
        writes.track(f"d{number}", 0.0)
    play(writes, until=401)
    assert writes.suppressed.refreshes == pytest.approx(1000 * 2, rel=0.05), "each came three intervals late at last"


def test_unchanged_fleet_of_10_000_stays_within_half_of_the_budget() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    for number in range(10_000):
        writes.track(f"d{number}", 0.0)
    assert writes.refresh_interval == 400


def test_unneeded_write_costs_nothing() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=2), 0.0)
    writes.changed("a", 0.0)
    writes.unneeded(taken(writes, 0.0), 0.0)
    writes.changed("b", 0.0)
    writes.changed("c", 0.0)
    assert len(drain(writes, 0.0)) == 2


def test_device_with_an_unneeded_write_is_written_again() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.changed("a", 0.0)
    writes.unneeded(taken(writes, 0.0), 5.0)
    assert writes.next_at(5.0) == 305, "its refresh"
    writes.changed("a", 6.0)
    assert drain(writes, 6.0) == [("a", TRANSITION)]


def test_unneeded_refresh_costs_no_refresh() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=2, refresh_after=10), 0.0)
    for key in ("a", "b", "c"):
        writes.track(key, 0.0)
    writes.unneeded(taken(writes, 10.0), 10.0)
    assert drain(writes, 10.0) == [("b", REFRESH)], "half of the burst goes into refreshes"


def test_unneeded_transition_makes_no_room_for_a_refresh() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=4, refresh_after=10), 0.0)
    for key in ("a", "b", "c", "d"):
        writes.track(key, 0.0)
    assert len(drain(writes, 10.0)) == 2
    writes.changed("e", 10.0)
    writes.unneeded(taken(writes, 10.0), 10.0)
    assert writes.take(10.0) is None


def test_refresh_takes_from_the_budget_of_all_writes() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=2, refresh_after=10), 0.0)
    writes.track("a", 0.0)
    writes.done(taken(writes, 10.0), 10.0)
    writes.changed("b", 10.0)
    writes.changed("c", 10.0)
    assert drain(writes, 10.0) == [("b", TRANSITION)]


def test_failed_transition_is_put_back_behind_the_others() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    writes.changed("a", 0.0)
    writes.changed("b", 0.0)
    writes.failed(taken(writes, 0.0), 0.0)
    assert drain(writes, 0.0) == [("b", TRANSITION), ("a", TRANSITION)]


def test_failed_transition_and_a_newer_one_are_one() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    writes.changed("a", 0.0)
    write = taken(writes, 0.0)
    writes.changed("a", 0.0)
    writes.failed(write, 0.0)
    assert drain(writes, 0.0) == [("a", TRANSITION)]


def test_failed_refresh_is_made_good_and_one_that_always_fails_blocks_nobody() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.track("bad", 0.0)
    writes.track("good", 1.0)
    refreshed = []
    for at in range(300, 320):
        write = writes.take(at)
        if write is not None and write.key == "bad" and at < 310:
            writes.failed(write, at)
        elif write is not None:
            refreshed.append(write.key)
            writes.done(write, at)
    assert refreshed == ["good", "bad"]


def test_failed_refresh_that_became_a_transition_is_one_write() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.track("a", 0.0)
    write = taken(writes, 300)
    writes.changed("a", 300)
    writes.failed(write, 300)
    assert drain(writes, 300) == [("a", TRANSITION)]
    assert writes.next_at(300) == 600


def test_forgotten_device_is_not_written_and_its_answer_is_nobodys() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.changed("a", 0.0)
    writes.changed("b", 0.0)
    write = taken(writes, 0.0)
    writes.forget("a")
    writes.forget("b")
    writes.failed(write, 0.0)
    assert len(writes) == 0
    writes.changed("a", 1.0)
    again = taken(writes, 1.0)
    writes.done(write, 1.0)
    writes.changed("a", 1.0)
    assert writes.take(1.0) is None, "the write of the new object is under way"
    writes.done(again, 1.0)
    assert drain(writes, 1.0) == [("a", TRANSITION)]


def test_an_api_server_that_says_too_much_is_obeyed() -> None:
    writes = StatusWrites[str](WriteLimits(rate=64, burst=64), 0.0)
    for number in range(1000):
        writes.changed(f"d{number}", 0.0)
    writes.failed(taken(writes, 0.0), 0.0)
    writes.slow_down(0.0, 2.0)
    assert play(writes, until=2.0) == []
    assert 0 < len(drain(writes, 2.25)) <= 16
    assert writes.next_at(2.25) == pytest.approx(2.25, abs=0.05)


def test_events_take_what_is_left() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=2), 0.0)
    writes.changed("a", 0.0)
    assert not writes.take_event(0.0), "a transition waits"
    drain(writes, 0.0)
    assert writes.take_event(0.0)
    assert not writes.take_event(0.0), "nothing is left"


def test_least_burst_lets_one_refresh_go() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=1, refresh_after=10), 0.0)
    writes.track("a", 0.0)
    assert drain(writes, 10.0) == [("a", REFRESH)]


def test_no_share_for_refreshes_is_none() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_share=0), 0.0)
    writes.track("a", 0.0)
    assert writes.refresh_interval is None
    assert writes.next_at(1e9) is None


def test_interval_is_that_of_all_devices_whatever_became_of_their_writes() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=10, refresh_after=1, refresh_share=0.5), 0.0)
    for key in ("a", "b", "c"):
        writes.track(key, 0.0)
    writes.failed(taken(writes, 10.0), 10.0)
    busy = taken(writes, 11.0)
    assert writes.refresh_interval == 6, "one failed, one is under way, one waits"
    for key in ("a", "b", "c"):
        writes.track(key, 12.0)
    assert writes.refresh_interval == 6, "all of them were tracked already"
    writes.done(busy, 12.0)
    assert writes.refresh_interval == 6


def test_forgotten_device_that_changed_during_its_write_begins_again() -> None:
    writes = StatusWrites[str](WriteLimits(), 0.0)
    writes.changed("a", 0.0)
    taken(writes, 0.0)
    writes.changed("a", 0.0)
    writes.forget("a")
    assert len(writes) == 0
    writes.changed("a", 1.0)
    assert drain(writes, 1.0) == [("a", TRANSITION)]


def test_write_says_when_the_one_before_was() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.changed("a", 5.0)
    first = taken(writes, 6.0)
    assert first.written_at == 5.0, "when it was first tracked"
    writes.done(first, 7.0)
    writes.changed("a", 8.0)
    assert taken(writes, 8.0).written_at == 7.0


def test_write_after_a_failed_refresh_says_when_that_failed() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), 0.0)
    writes.track("a", 0.0)
    writes.failed(taken(writes, 300.0), 301.0)
    assert taken(writes, 302.0).written_at == 301.0


def test_refresh_waits_for_the_budget_that_events_used_up() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=2, refresh_after=10), 0.0)
    writes.track("a", 0.0)
    assert [writes.take_event(10.0), writes.take_event(10.0)] == [True, True]
    assert writes.take(10.0) is None
    assert writes.next_at(10.0) == 11
    assert drain(writes, 11.0) == [("a", REFRESH)]


@pytest.mark.parametrize(
    ("at", "refreshes"),
    [
        pytest.param(150.0, 0.0, id="in time"),
        pytest.param(160.0, 0.1, id="a tenth of an interval late"),
        pytest.param(400.0, 2.5, id="two and a half intervals late"),
        pytest.param(100.0, 0.0, id="early, as a transition"),
    ],
)
def test_late_refreshes_are_counted_in_parts(at: float, refreshes: float) -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=100), 0.0)
    writes.track("a", 50.0)
    if at < 150:
        writes.changed("a", at)
    writes.done(taken(writes, at), at)
    assert writes.suppressed.refreshes == pytest.approx(refreshes)


def test_refresh_that_failed_at_the_beginning_of_time() -> None:
    writes = StatusWrites[str](WriteLimits(refresh_after=300), -300.0)
    writes.track("a", -300.0)
    writes.failed(taken(writes, 0.0), 0.0)
    assert taken(writes, 1.0).written_at == 0.0


def test_next_refresh_waits_for_its_share_of_the_budget() -> None:
    writes = StatusWrites[str](WriteLimits(rate=1, burst=4, refresh_after=10), 0.0)
    for key in ("a", "b", "c"):
        writes.track(key, 0.0)
    assert len(drain(writes, 10.0)) == 2
    assert writes.next_at(10.0) == 12


def test_refreshes_slow_down_too() -> None:
    writes = StatusWrites[str](WriteLimits(rate=64, burst=64, refresh_after=1), 0.0)
    for number in range(32):
        writes.track(f"d{number}", 0.0)
    writes.slow_down(2.0, 2.0)
    assert len(drain(writes, 4.25)) == 4, "half of the rate, and of that half"
