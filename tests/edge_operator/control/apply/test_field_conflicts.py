import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.field_conflicts import RETAKES, WINDOW_SECONDS, FieldConflicts
from edge_operator.control.apply.refusals import MAX_BACKOFF_SECONDS, MIN_BACKOFF_SECONDS, Refusals
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey
from edge_operator.desired.kinds import SECRET
from tests.edge_operator.cluster.virtual import Clock

KEY = ObjectKey(SECRET, "ns", "a")
REPLICAS = ("f:spec", "f:replicas")
PAUSED = ("f:spec", "f:paused")


def intent(fingerprint: str = "h", name: str = "a") -> DesiredObject:
    return DesiredObject(ObjectKey(SECRET, "ns", name), {}, fingerprint, 0)


def test_third_time_in_five_minutes_is_contested() -> None:
    clock = Clock()
    conflicts = FieldConflicts(clock)
    for _ in range(RETAKES):
        assert conflicts.active(KEY) == []
        conflicts.record(KEY, {REPLICAS: "hpa"})
        clock.now += 10
    (conflict,) = conflicts.active(KEY)
    assert (conflict.field, conflict.manager, conflict.key) == (".spec.replicas", "hpa", KEY)
    assert conflicts.wait(KEY) == WINDOW_SECONDS - 30


def test_contest_ends_exactly_when_the_wait_is_over() -> None:
    clock = Clock()
    conflicts = FieldConflicts(clock)
    for _ in range(RETAKES):
        conflicts.record(KEY, {REPLICAS: "hpa"})
    clock.now += conflicts.wait(KEY) - 0.001
    assert conflicts.active(KEY)
    clock.now += 0.002
    assert conflicts.active(KEY) == []
    assert conflicts.wait(KEY) == 0


def test_object_is_left_alone_until_the_last_of_its_contests_ends() -> None:
    clock = Clock()
    conflicts = FieldConflicts(clock)
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
    conflicts = FieldConflicts(clock)
    for _ in range(RETAKES):
        conflicts.record(KEY, {REPLICAS: "hpa"})
    clock.now += 100
    conflicts.record(KEY, {PAUSED: "gitops"})
    assert [conflict.manager for conflict in conflicts.active(KEY)] == ["hpa"]
    assert conflicts.wait(KEY) == WINDOW_SECONDS - 100


def test_slow_editor_is_no_contest() -> None:
    clock = Clock()
    conflicts = FieldConflicts(clock)
    for _ in range(20):
        conflicts.record(KEY, {REPLICAS: "kubectl-edit"})
        clock.now += WINDOW_SECONDS / 2
        assert conflicts.active(KEY) == []


def test_each_field_manager_and_object_counts_by_itself() -> None:
    conflicts = FieldConflicts(Clock())
    for path, manager in [(REPLICAS, "a"), (REPLICAS, "b"), (("f:spec", "f:x"), "a")] * (RETAKES - 1):
        conflicts.record(KEY, {path: manager})
    assert conflicts.active(KEY) == []
    other = ObjectKey(SECRET, "ns", "b")
    conflicts.record(other, {REPLICAS: "a"})
    assert conflicts.active(KEY) == conflicts.active(other) == []


def test_contention_forgets_objects_that_nobody_asks_for_any_more() -> None:
    clock = Clock()
    conflicts = FieldConflicts(clock)
    for number in range(1000):
        conflicts.record(ObjectKey(SECRET, "ns", f"gone-{number}"), {REPLICAS: "x"})
        clock.now += 10
    assert len(conflicts._history) <= WINDOW_SECONDS / 10 + 1  # noqa: SLF001 - what grows is not seen from outside


def test_refusal_stands_until_its_backoff_ends_and_doubles() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    waits = []
    for _ in range(10):
        refusals.add(intent(), ApiError(422, "Invalid", "no"))
        waits.append(refusals.wait(intent()))
        clock.now += waits[-1] - 0.001
        assert refusals.active(intent()) is not None
        clock.now += 0.002
        assert refusals.active(intent()) is None
    assert waits[0] == MIN_BACKOFF_SECONDS
    assert waits[1] == pytest.approx(2 * MIN_BACKOFF_SECONDS)
    assert waits[-1] == MAX_BACKOFF_SECONDS


def test_changed_intent_goes_at_once_and_begins_anew() -> None:
    refusals = Refusals(Clock())
    for _ in range(5):
        refusals.add(intent("old"), ApiError(422, "Invalid", "no"))
    assert refusals.active(intent("new")) is None
    refusals.add(intent("new"), ApiError(422, "Invalid", "no"))
    assert refusals.wait(intent("new")) == MIN_BACKOFF_SECONDS


def test_accepted_is_forgotten() -> None:
    refusals = Refusals(Clock())
    refusals.add(intent(), ApiError(422, "Invalid", "no"))
    refusals.remove(intent())
    assert (refusals.active(intent()), refusals.wait(intent())) == (None, 0.0)


def test_refusals_forget_objects_of_sites_that_are_gone() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for number in range(1000):
        refusals.add(intent(name=f"gone-{number}"), ApiError(422, "Invalid", "no"))
        clock.now += 10
    assert len(refusals._refused) <= (MAX_BACKOFF_SECONDS + MIN_BACKOFF_SECONDS) / 10 + 2  # noqa: SLF001


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ApiError(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: q'), "QuotaExceeded"),
        (ApiError(403, "Forbidden", 'User "x" cannot patch resource "secrets"'), "AccessDenied"),
        (ApiError(403, "Forbidden", "denied by policy"), "Refused"),
        (ApiError(422, "Invalid", "spec.x: Invalid value"), "Invalid"),
        (ApiError(400, "BadRequest", "unknown field"), "Refused"),
    ],
)
def test_reason_of_a_refusal(error: ApiError, reason: str) -> None:
    problem = Refusals(Clock()).add(intent(), error)
    assert (problem.reason, problem.lasting) == (reason, True)
    assert error.message in problem.message
    assert "Secret ns/a" in problem.message
