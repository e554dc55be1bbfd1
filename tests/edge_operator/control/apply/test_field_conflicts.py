import datetime as dt

from edge_operator.control.apply.field_conflicts import RETAKES, WINDOW_SECONDS, FieldConflicts
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.kinds import SECRET
from tests.edge_operator.cluster.virtual import Clock

KEY = ObjectKey(SECRET, "ns", "a")
REPLICAS = ("f:spec", "f:replicas")
PAUSED = ("f:spec", "f:paused")
NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def conflicts_at(clock: Clock) -> FieldConflicts:
    """Return the conflicts with a wall clock that shows noon at the clock's beginning."""
    begin = clock.now
    return FieldConflicts(clock, lambda: NOON + dt.timedelta(seconds=clock.now - begin))


def test_third_time_in_five_minutes_is_contested() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for _ in range(RETAKES):
        assert conflicts.active(KEY) == []
        conflicts.record(KEY, {REPLICAS: "hpa"})
        clock.now += 10
    (conflict,) = conflicts.active(KEY)
    assert (conflict.field, conflict.manager, conflict.key) == (".spec.replicas", "hpa", KEY)
    assert conflicts.wait(KEY) == WINDOW_SECONDS - 30


def test_contest_ends_exactly_when_the_wait_is_over() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for _ in range(RETAKES):
        conflicts.record(KEY, {REPLICAS: "hpa"})
    clock.now += conflicts.wait(KEY) - 0.001
    assert conflicts.active(KEY)
    clock.now += 0.001
    assert conflicts.active(KEY) == []
    assert conflicts.wait(KEY) == 0


def test_time_until_which_it_is_not_reapplied_stays_the_same() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for _ in range(RETAKES):
        conflicts.record(KEY, {REPLICAS: "hpa"})
        clock.now += 10
    conflicts.record(KEY, {PAUSED: "hpa"})
    (conflict,) = conflicts.active(KEY)
    clock.now += 100
    assert conflicts.active(KEY) == [conflict]
    assert conflict.until == NOON + dt.timedelta(seconds=WINDOW_SECONDS)


def test_object_is_left_alone_until_the_last_of_its_contests_ends() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for path, manager in [(REPLICAS, "hpa"), (PAUSED, "gitops")]:
        for _ in range(RETAKES):
            conflicts.record(KEY, {path: manager})
        clock.now += 100
    assert conflicts.wait(KEY) == WINDOW_SECONDS - 100, "the one that began later"
    clock.now += 150
    assert [conflict.field for conflict in conflicts.active(KEY)] == [".spec.paused"]
    assert conflicts.wait(KEY) == 50


def test_field_that_was_retaken_less_often_makes_no_one_wait() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for _ in range(RETAKES):
        conflicts.record(KEY, {REPLICAS: "hpa"})
    clock.now += 100
    conflicts.record(KEY, {PAUSED: "gitops"})
    assert [conflict.manager for conflict in conflicts.active(KEY)] == ["hpa"]
    assert conflicts.wait(KEY) == WINDOW_SECONDS - 100


def test_slow_editor_is_no_contest() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for _ in range(20):
        conflicts.record(KEY, {REPLICAS: "kubectl-edit"})
        clock.now += WINDOW_SECONDS / 2
        assert conflicts.active(KEY) == []


def test_each_field_manager_and_object_counts_by_itself() -> None:
    conflicts = conflicts_at(Clock())
    for path, manager in [(REPLICAS, "a"), (REPLICAS, "b"), (("f:spec", "f:x"), "a")] * (RETAKES - 1):
        conflicts.record(KEY, {path: manager})
    assert conflicts.active(KEY) == []
    other = ObjectKey(SECRET, "ns", "b")
    conflicts.record(other, {REPLICAS: "a"})
    assert conflicts.active(KEY) == conflicts.active(other) == []


def test_contention_forgets_objects_that_nobody_asks_for_any_more() -> None:
    clock = Clock()
    conflicts = conflicts_at(clock)
    for number in range(1000):
        conflicts.record(ObjectKey(SECRET, "ns", f"gone-{number}"), {REPLICAS: "x"})
        clock.now += 10
    assert len(conflicts._history) <= WINDOW_SECONDS / 10 + 1  # noqa: SLF001 - what grows is not seen from outside
