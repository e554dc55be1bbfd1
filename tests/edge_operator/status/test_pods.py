"""Why a pod does not run: named cases with the states that a real kubelet and a real scheduler reported."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.status.pods import PodProblem, pod_problem
from tests.edge_operator.status.pod_samples import RUNNING, pod, terminated, waiting

NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
PULL = (
    'failed to pull and unpack image "registry.invalid/edge-gateway:9": failed to resolve image: failed to do request:'
    ' Head "https://registry.invalid/v2/edge-gateway/manifests/9": dial tcp: lookup registry.invalid on [::1]:53: read'
    " udp [::1]:35835->[::1]:53: read: connection refused"
)
LOG = (
    '{"time": "2026-11-30T11:00:01.000Z", "level": "info", "message": "starts"}\n'
    '{"time": "2026-11-30T11:00:02.000Z", "level": "error", "message": "EDGE_SITE is missing"}\n'
)
NO_CPU = (
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1"
    " Preemption is not helpful for scheduling."
)


def of_container(reason: str, detail: str, *, name: str = "gateway", image: str = "i:1") -> PodProblem:
    return PodProblem(reason, "gateway" if name == "gateway" else "mqtt", "plant-gateway-7-a", name, image, detail)


def of_pod(reason: str, detail: str, since: dt.datetime | None = NOON) -> PodProblem:
    return PodProblem(reason, "gateway", "plant-gateway-7-a", detail=detail, since=since)


def scheduled(status: str, message: str = "", reason: str = "Unschedulable") -> list[dict[str, Any]]:
    condition = {"type": "PodScheduled", "status": status, "reason": reason, "message": message}
    return [condition | {"lastTransitionTime": "2026-11-30T12:00:00Z"}]


def mounted(*volumes: dict[str, Any]) -> dict[str, Any]:
    return pod(container={"state": waiting("ContainerCreating")}, volumes=list(volumes))


OWN = {"secret": {"secretName": "plant-api-token"}}
USER = {"secret": {"secretName": "gateway-tls"}}
OPTIONAL = {"projected": {"sources": [{"secret": {"name": "cloud-login", "optional": True}}, {"configMap": {}}]}}
PROJECTED = {"projected": {"sources": [{"secret": {"name": "broker-login"}}, {"secret": {"name": "broker-ca"}}]}}

CASES: dict[str, tuple[dict[str, Any], PodProblem | None]] = {
    "runs": (pod(ready=True, container={"state": RUNNING}), None),
    "starts": (pod(container={"state": RUNNING}), None),
    "restarted once, long ago, and starts again": (
        pod(container={"restartCount": 1, "state": RUNNING, "lastState": terminated()}),
        None,
    ),
    "is pulled": (
        pod(container={"state": waiting("ContainerCreating")}),
        of_pod("PodNotStarting", ""),
    ),
    "image cannot be pulled": (
        pod(container={"state": waiting("ErrImagePull", PULL)}),
        of_container("ImageUnavailable", PULL),
    ),
    "the kubelet waits before the next pull": (
        pod(container={"state": waiting("ImagePullBackOff", f'Back-off pulling image "i:1": ErrImagePull: {PULL}')}),
        of_container("ImageUnavailable", PULL),
    ),
    "the kubelet of an earlier release waits": (
        pod(container={"state": waiting("ImagePullBackOff", 'Back-off pulling image "i:1"')}),
        of_container("ImageUnavailable", ""),
    ),
    "name of an image that is none": (
        pod(container={"state": waiting("InvalidImageName", "couldn't parse image name")}),
        of_container("ImageUnavailable", "couldn't parse image name"),
    ),
    "image of the sidecar": (
        pod(
            component="mqtt",
            sidecar={"state": waiting("ErrImagePull", "no such host")},
            container={"state": waiting("PodInitializing")},
        ),
        of_container("ImageUnavailable", "no such host", name="broker-agent", image="agent:1"),
    ),
    "the sidecar is not ready yet": (
        pod(
            component="mqtt",
            sidecar={"state": RUNNING},
            container={"state": waiting("PodInitializing")},
        ),
        None,
    ),
    "crash-loops": (
        pod(
            container={
                "restartCount": 1,
                "state": waiting("CrashLoopBackOff", "back-off 10s restarting failed container"),
                "lastState": terminated(exit_code=2, message=LOG),
            }
        ),
        of_container("CrashLooping", "exit code 2 (Error): EDGE_SITE is missing"),
    ),
    "crash-loops and has been started again": (
        pod(container={"restartCount": 2, "state": RUNNING, "lastState": terminated(exit_code=2, message=LOG)}),
        of_container("CrashLooping", "exit code 2 (Error): EDGE_SITE is missing"),
    ),
    "crash-loops and has just ended": (
        pod(container={"restartCount": 2, "state": terminated(exit_code=2, message=LOG), "lastState": terminated()}),
        of_container("CrashLooping", "exit code 2 (Error): EDGE_SITE is missing"),
    ),
    "ends without an error again and again": (
        pod(
            container={
                "restartCount": 5,
                "state": waiting("CrashLoopBackOff"),
                "lastState": terminated(exit_code=0, reason="Completed"),
            }
        ),
        of_container("CrashLooping", "exit code 0 (Completed)"),
    ),
    "restarted often in months, and starts again": (
        pod(
            container={
                "restartCount": 9,
                "state": RUNNING,
                "lastState": terminated(started="2026-11-29T11:00:00Z"),
            }
        ),
        None,
    ),
    "words of a program of ours with a traceback": (
        pod(
            container={
                "restartCount": 1,
                "state": waiting("CrashLoopBackOff"),
                "lastState": terminated(
                    message='{"message": "edge-device failed", "error": "Trace\\n  a\\nKeyError: 1"}'
                ),
            }
        ),
        of_container("CrashLooping", "exit code 1 (Error): edge-device failed: KeyError: 1"),
    ),
    "words that are no JSON": (
        pod(
            container={
                "restartCount": 2,
                "state": waiting("CrashLoopBackOff"),
                "lastState": terminated(message="panic: no\n  memory\n"),
            }
        ),
        of_container("CrashLooping", "exit code 1 (Error): memory"),
    ),
    "out of memory, and starts again": (
        pod(
            limits={"memory": "24Mi"},
            container={
                "restartCount": 1,
                "state": RUNNING,
                "lastState": terminated(exit_code=137, reason="OOMKilled"),
            },
        ),
        of_container("OutOfMemory", "24Mi"),
    ),
    "out of memory, and waits": (
        pod(
            limits={"memory": "24Mi"},
            container={
                "restartCount": 7,
                "state": waiting("CrashLoopBackOff"),
                "lastState": terminated(exit_code=137, reason="OOMKilled"),
            },
        ),
        of_container("OutOfMemory", "24Mi"),
    ),
    "was out of memory, and runs": (
        pod(
            ready=True,
            container={"state": RUNNING, "lastState": terminated(exit_code=137, reason="OOMKilled")},
        ),
        None,
    ),
    "Secret of the environment is missing": (
        pod(container={"state": waiting("CreateContainerConfigError", 'secret "x" not found')}),
        of_container("PodNotStarting", 'CreateContainerConfigError: secret "x" not found'),
    ),
    "too little cpu": (
        pod(node="", conditions=scheduled("False", NO_CPU)),
        of_pod("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu"),
    ),
    "too little cpu, in the words of an earlier release": (
        pod(node="", conditions=scheduled("False", "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 no")),
        of_pod("Unschedulable", "0/1 nodes are available: 1 Insufficient cpu"),
    ),
    "volume could not be bound": (
        pod(node="", conditions=scheduled("False", "binding volumes: context deadline exceeded", "SchedulerError")),
        of_pod("Unschedulable", "binding volumes: context deadline exceeded"),
    ),
    "no word of the scheduler yet": (pod(node=""), of_pod("Unschedulable", "")),
    "mounts what others provide": (
        mounted(OWN, USER, OPTIONAL, PROJECTED, {"emptyDir": {}}),
        of_pod("PodNotStarting", "it mounts Secrets that you provide: broker-ca, broker-login, gateway-tls"),
    ),
    "has a node, and the kubelet has not seen it yet": (
        pod(
            conditions=[{"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-30T12:00:00Z"}],
            startTime=None,
        ),
        of_pod("PodNotStarting", ""),
    ),
    "has a node, and nothing else": (pod(startTime=None), of_pod("PodNotStarting", "")),
    "is deleted": (
        {**pod(node=""), "metadata": pod()["metadata"] | {"deletionTimestamp": "2026-11-30T12:00:00Z"}},
        None,
    ),
    "evicted": (pod(node="node-1", phase="Failed", reason="Evicted"), None),
    "has no status": ({**pod(node=""), "status": {}}, of_pod("Unschedulable", "")),
}


@pytest.mark.parametrize(("seen", "problem"), CASES.values(), ids=CASES)
def test_why_a_pod_does_not_run(seen: dict[str, Any], problem: PodProblem | None) -> None:
    found = pod_problem(seen)
    if problem is not None and len(problem.detail) > 300:
        assert found is not None
        assert len(found.detail) == 300
        assert problem.detail.startswith(found.detail[:-1])
        return
    assert found == problem


TEXT = st.text(max_size=40)
STATES = st.dictionaries(
    st.sampled_from(["waiting", "running", "terminated"]),
    st.fixed_dictionaries(
        {},
        optional={
            "reason": st.sampled_from(["ErrImagePull", "CrashLoopBackOff", "OOMKilled", "Completed", "New"]),
            "message": TEXT | st.sampled_from(["[" * 4000, '{"message": 1, "error": []}', "{}", "\n\n"]),
            "exitCode": st.integers(-1, 300),
            "startedAt": TEXT | st.just("2026-11-30T12:00:00Z"),
            "finishedAt": st.none() | st.just("2026-11-30T13:00:00Z"),
        },
    )
    | st.none(),
    max_size=2,
)
CONTAINERS = st.fixed_dictionaries(
    {"state": STATES, "lastState": STATES}, optional={"restartCount": st.integers(0, 2**31), "ready": st.booleans()}
)


@given(container=CONTAINERS, node=st.sampled_from(["", "n"]), phase=st.sampled_from(["Pending", "Running", "Unknown"]))
def test_any_state_of_a_container_is_understood_or_none(container: dict[str, Any], node: str, phase: str) -> None:
    found = pod_problem(pod(container=container, node=node, phase=phase))
    if found is not None:
        assert "\n" not in found.detail
        assert len(found.detail) <= 300
        # The words may be new each time; the rest is the same as long as the cause is.
        assert found.pod == "plant-gateway-7-a"
