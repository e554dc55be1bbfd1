"""What is kept of pods: why they do not run, when it counts, and which changes are worth a reconcile."""

import datetime as dt
from typing import Any

import pytest

from edge_operator.control.cache.pod_problems import DETAIL_SECONDS, POD, PodProblems, PodsSeen
from tests.edge_operator.status.pod_samples import RUNNING, pod, terminated, waiting

BEGAN = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
PLANT = ("ns", "plant")


class Pods:
    """The cache of a site, with a clock that the test advances."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.changes: list[tuple[tuple[str, str], float]] = []
        self.cache = PodProblems(lambda site, seconds: self.changes.append((site, seconds)), lambda: self.now)

    def put(self, changed: dict[str, Any], after: float = 0.0) -> list[float]:
        """Store a pod some seconds later, and return the times after which its site is reconciled."""
        self.now += dt.timedelta(seconds=after)
        self.cache.put(POD, changed)
        return self.noticed()

    def noticed(self) -> list[float]:
        found = [seconds for site, seconds in self.changes if site == PLANT]
        assert len(found) == len(self.changes)
        self.changes.clear()
        return found

    @property
    def seen(self) -> PodsSeen:
        return self.cache.of_site(PLANT)

    @property
    def reasons(self) -> list[str]:
        return [each.reason for each in self.seen.problems]


@pytest.fixture
def pods() -> Pods:
    return Pods()


CRASH = terminated(exit_code=1, message="no route")


def crash_cycle(restarts: int) -> list[dict[str, Any]]:
    """Return the states of one round of a crash loop."""
    return [
        pod(container={"restartCount": restarts, "state": waiting("CrashLoopBackOff", "back-off"), "lastState": CRASH}),
        pod(container={"restartCount": restarts + 1, "state": RUNNING, "lastState": CRASH}),
        pod(container={"restartCount": restarts + 1, "state": CRASH, "lastState": CRASH}),
    ]


def test_pod_that_runs_needs_no_memory_and_no_reconcile(pods: Pods) -> None:
    assert pods.put(pod(ready=True)) == []
    assert pods.put(pod(ready=False, container={"state": RUNNING})) == []
    assert len(pods.cache) == 0
    assert pods.seen == PodsSeen()


def test_crash_loop_is_one_change_whatever_the_restarts(pods: Pods) -> None:
    assert pods.put(crash_cycle(1)[0]) == [0.0]
    for restarts in range(1, 30):
        for state in crash_cycle(restarts):
            assert pods.put(state, after=60) == []
    assert pods.reasons == ["CrashLooping"]
    assert pods.put(pod(ready=True)) == [0.0]
    assert pods.reasons == []
    assert len(pods.cache) == 0


def image_state(reason: str, message: str) -> dict[str, Any]:
    return pod(container={"state": waiting(reason, message)})


def test_pull_and_the_wait_for_the_next_pull_are_one_change(pods: Pods) -> None:
    """The port in an error of the network differs each time."""
    begun = image_state("ErrImagePull", "read 10.0.0.1:40001: timeout")
    assert pods.put(begun) == [0.0]
    for port in range(40002, 40020):
        back_off = f'Back-off pulling image "i:1": ErrImagePull: read 10.0.0.1:{port}: timeout'
        assert pods.put(image_state("ImagePullBackOff", back_off), after=300) == []
        assert pods.put(image_state("ImagePullBackOff", 'Back-off pulling image "i:1"'), after=300) == []
        assert pods.put(image_state("ErrImagePull", f"read 10.0.0.1:{port}: timeout"), after=300) == []
    assert [each.detail for each in pods.seen.problems] == ["read 10.0.0.1:40001: timeout"]


def test_other_words_are_a_change_at_most_every_five_minutes(pods: Pods) -> None:
    assert pods.put(image_state("ErrImagePull", "no such host")) == [0.0]
    assert pods.put(image_state("ErrImagePull", "unauthorized"), after=DETAIL_SECONDS - 1) == []
    assert pods.put(image_state("ErrImagePull", "unauthorized"), after=1) == [0.0]
    assert [each.detail for each in pods.seen.problems] == ["unauthorized"]
    assert pods.put(image_state("ErrImagePull", "no such host"), after=1) == []


def test_words_that_come_later_are_taken_at_once(pods: Pods) -> None:
    assert pods.put(image_state("ImagePullBackOff", 'Back-off pulling image "i:1"')) == [0.0]
    assert pods.put(image_state("ErrImagePull", "unauthorized"), after=1) == [0.0]


def test_another_image_is_a_change(pods: Pods) -> None:
    assert pods.put(image_state("ErrImagePull", "no")) == [0.0]
    assert pods.put(pod(image="i:2", container={"state": waiting("ErrImagePull", "no")}), after=1) == [0.0]


def unscheduled(*, message: str = "0/1 nodes are available: 1 Insufficient cpu.") -> dict[str, Any]:
    since = BEGAN.strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return pod(node="", conditions=[condition | {"lastTransitionTime": since}])


def test_pod_without_a_node_counts_after_some_seconds(pods: Pods) -> None:
    assert pods.put(unscheduled()) == [5.0]
    assert pods.seen == PodsSeen(changes_after=5.0)
    pods.now += dt.timedelta(seconds=2)
    assert pods.seen == PodsSeen(changes_after=3.0)
    pods.now += dt.timedelta(seconds=3)
    assert pods.reasons == ["Unschedulable"]
    assert pods.seen.changes_after is None


def test_after_a_restart_of_the_operator_it_counts_at_once(pods: Pods) -> None:
    """A restart writes nothing: the time is that of the API server."""
    assert pods.put(unscheduled(), after=3600) == [0.0]
    assert pods.reasons == ["Unschedulable"]


def test_clock_that_is_behind_does_not_hide_it_for_long(pods: Pods) -> None:
    assert pods.put(unscheduled(), after=-86400) == [5.0]


def test_normal_start_causes_no_reconcile_at_its_end(pods: Pods) -> None:
    assert pods.put(unscheduled()) == [5.0]
    assert pods.put(pod(container={"state": waiting("ContainerCreating")}), after=1) == [119.0]
    assert pods.put(pod(ready=True), after=1) == []


def test_deleted_pods_and_those_that_a_list_does_not_have_are_removed(pods: Pods) -> None:
    for name in ("plant-gateway-7-a", "plant-gateway-7-b", "plant-gateway-7-c"):
        pods.put(pod(name=name, container={"state": waiting("ErrImagePull", "no")}))
    assert len(pods.cache) == 3
    pods.cache.delete(POD, pod(name="plant-gateway-7-a"))
    assert pods.noticed() == [0.0]
    pods.cache.prune(POD, "other", set(), "9")
    assert pods.noticed() == []
    pods.cache.prune(POD, None, {("ns", "plant-gateway-7-b")}, "9")
    assert pods.noticed() == [0.0]
    assert [each.pod for each in pods.seen.problems] == ["plant-gateway-7-b"]
    pods.cache.prune(POD, "ns", set(), "9")
    assert len(pods.cache) == 0
    pods.cache.delete(POD, pod(name="plant-gateway-7-b"))


FOREIGN = {
    "without labels": {"labels": {}},
    "of no Deployment": {"ownerReferences": []},
    "of another Deployment": {"ownerReferences": [{"kind": "ReplicaSet", "name": "other-7"}]},
    "of a Job": {"ownerReferences": [{"kind": "Job", "name": "plant-gateway-7"}]},
}


@pytest.mark.parametrize("metadata", FOREIGN.values(), ids=FOREIGN)
def test_pods_of_others_are_not_those_of_a_site(pods: Pods, metadata: dict[str, Any]) -> None:
    theirs = pod(container={"state": waiting("ErrImagePull", "no")})
    theirs["metadata"] |= metadata
    assert pods.put(theirs) == []
    assert len(pods.cache) == 0
    pods.cache.delete(POD, theirs)
