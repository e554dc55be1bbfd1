import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.control.contention import RETAKES, WINDOW_SECONDS, Contention
from edge_operator.control.intent import Intent, ObjectKey
from edge_operator.control.refusals import LEAST_BACKOFF_SECONDS, MOST_BACKOFF_SECONDS, Refusals
from edge_operator.desired.kinds import SECRET
from tests.edge_operator.cluster.virtual import Clock

KEY = ObjectKey(SECRET, "ns", "a")
REPLICAS = ("f:spec", "f:replicas")
PAUSED = ("f:spec", "f:paused")


def intent(fingerprint: str = "h", name: str = "a") -> Intent:
    return Intent(ObjectKey(SECRET, "ns", name), {}, fingerprint, 0)


def test_third_time_in_five_minutes_is_contested() -> None:
    clock = Clock()
    contention = Contention(clock)
    for _ in range(RETAKES):
        assert contention.contested(KEY) == []
        contention.retaken(KEY, {REPLICAS: "hpa"})
        clock.now += 10
    (contest,) = contention.contested(KEY)
    assert (contest.field, contest.manager, contest.key) == (".spec.replicas", "hpa", KEY)
    assert contention.wait(KEY) == WINDOW_SECONDS - 30


def test_contest_ends_exactly_when_the_wait_is_over() -> None:
    clock = Clock()
    contention = Contention(clock)
    for _ in range(RETAKES):
        contention.retaken(KEY, {REPLICAS: "hpa"})
    clock.now += contention.wait(KEY) - 0.001
    assert contention.contested(KEY)
    clock.now += 0.001
    assert contention.contested(KEY) == []
    assert contention.wait(KEY) == 0


def test_object_is_left_alone_until_the_last_of_its_contests_ends() -> None:
    clock = Clock()
    contention = Contention(clock)
    for path, manager in [(REPLICAS, "hpa"), (PAUSED, "gitops")]:
        for _ in range(RETAKES):
            contention.retaken(KEY, {path: manager})
        clock.now += 100
    assert contention.wait(KEY) == WINDOW_SECONDS - 100, "the one that began later"
    clock.now += 150
    assert [contest.field for contest in contention.contested(KEY)] == [".spec.paused"]
    assert contention.wait(KEY) == 50


def test_field_that_was_retaken_less_often_makes_no_one_wait() -> None:
    clock = Clock()
    contention = Contention(clock)
    for _ in range(RETAKES):
        contention.retaken(KEY, {REPLICAS: "hpa"})
    clock.now += 100
    contention.retaken(KEY, {PAUSED: "gitops"})
    assert [contest.manager for contest in contention.contested(KEY)] == ["hpa"]
    assert contention.wait(KEY) == WINDOW_SECONDS - 100


def test_slow_editor_is_no_contest() -> None:
    clock = Clock()
    contention = Contention(clock)
    for _ in range(20):
        contention.retaken(KEY, {REPLICAS: "kubectl-edit"})
        clock.now += WINDOW_SECONDS / 2
        assert contention.contested(KEY) == []


def test_each_field_manager_and_object_counts_by_itself() -> None:
    contention = Contention(Clock())
    for path, manager in [(REPLICAS, "a"), (REPLICAS, "b"), (("f:spec", "f:x"), "a")] * (RETAKES - 1):
        contention.retaken(KEY, {path: manager})
    assert contention.contested(KEY) == []
    other = ObjectKey(SECRET, "ns", "b")
    contention.retaken(other, {REPLICAS: "a"})
    assert contention.contested(KEY) == contention.contested(other) == []


def test_contention_forgets_objects_that_nobody_asks_for_any_more() -> None:
    clock = Clock()
    contention = Contention(clock)
    for number in range(1000):
        contention.retaken(ObjectKey(SECRET, "ns", f"gone-{number}"), {REPLICAS: "x"})
        clock.now += 10
    assert len(contention._history) <= WINDOW_SECONDS / 10 + 1  # noqa: SLF001 - what grows is not seen from outside


def test_refusal_stands_until_its_backoff_ends_and_doubles() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    waits = []
    for _ in range(10):
        refusals.refused(intent(), ApiError(422, "Invalid", "no"))
        waits.append(refusals.wait(intent()))
        clock.now += waits[-1] - 0.001
        assert refusals.standing(intent()) is not None
        clock.now += 0.002
        assert refusals.standing(intent()) is None
    assert waits[0] == LEAST_BACKOFF_SECONDS
    assert waits[1] == pytest.approx(2 * LEAST_BACKOFF_SECONDS)
    assert waits[-1] == MOST_BACKOFF_SECONDS


def test_changed_intent_goes_at_once_and_begins_anew() -> None:
    refusals = Refusals(Clock())
    for _ in range(5):
        refusals.refused(intent("old"), ApiError(422, "Invalid", "no"))
    assert refusals.standing(intent("new")) is None
    refusals.refused(intent("new"), ApiError(422, "Invalid", "no"))
    assert refusals.wait(intent("new")) == LEAST_BACKOFF_SECONDS


def test_accepted_is_forgotten() -> None:
    refusals = Refusals(Clock())
    refusals.refused(intent(), ApiError(422, "Invalid", "no"))
    refusals.accepted(intent())
    assert (refusals.standing(intent()), refusals.wait(intent())) == (None, 0.0)


def test_refusals_forget_objects_of_sites_that_are_gone() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    for number in range(1000):
        refusals.refused(intent(name=f"gone-{number}"), ApiError(422, "Invalid", "no"))
        clock.now += 10
    assert len(refusals._refused) <= (MOST_BACKOFF_SECONDS + LEAST_BACKOFF_SECONDS) / 10 + 2  # noqa: SLF001


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
    problem = Refusals(Clock()).refused(intent(), error)
    assert (problem.reason, problem.lasting) == (reason, True)
    assert error.message in problem.message
    assert "Secret ns/a" in problem.message
