from edge_operator.control.contention import RETAKES, WINDOW_SECONDS, Contention
from edge_operator.control.intent import ObjectKey
from edge_operator.desired.kinds import SECRET
from tests.edge_operator.cluster.virtual import Clock

KEY = ObjectKey(SECRET, "ns", "a")
REPLICAS = ("f:spec", "f:replicas")
PAUSED = ("f:spec", "f:paused")


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
