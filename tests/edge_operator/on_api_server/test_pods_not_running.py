"""Pods that do not run: the reason in the status, and no write for a restart; the real controllers count the pods."""

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.cluster.controlplane import ControlPlane
from tests.support.kubelet import Kubelet, kubelet
from tests.support.processes import OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites

SITE = "mill"
SPEC = {"gateway": {"replicas": 1}, "processor": {"replicas": 1}}
PODS = 4
TIMES = {"startedAt": "2026-11-30T11:00:00Z", "finishedAt": "2026-11-30T11:00:02Z"}


@pytest.fixture(scope="module")
def node(control_plane: ControlPlane, sites: Sites) -> Iterator[Kubelet]:
    with control_plane.replicasets(), kubelet(sites.api, sites.namespace) as node:
        sites.apply(SITE, SPEC)
        yield node
        sites.delete(SITE)


def await_ready(sites: Sites, reason: str) -> dict[str, Any]:
    """Return the condition Ready once it has the reason."""
    found: dict[str, Any] = eventually(
        reason, lambda: ready if (ready := sites.condition(SITE, "Ready")).get("reason") == reason else None, 30
    )
    return found


def ended(number: int) -> dict[str, Any]:
    """Return how the container ended for the nth time; the words have a time."""
    message = f'{{"time": "2026-11-30T11:00:{number:02d}Z", "message": "cannot start after {number} s"}}'
    return {"terminated": {"exitCode": 1, "reason": "Error", "message": message, **TIMES}}


def crash_cycle(number: int) -> list[dict[str, Any]]:
    """Return the states of a container from one restart to the next, as a kubelet reports them."""
    container: dict[str, Any] = {"name": "gateway", "restartCount": number, "lastState": ended(number)}
    return [
        container | {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off {number}0s"}}},
        container | {"restartCount": number + 1, "state": {"running": {"startedAt": "2026-11-30T11:01:00Z"}}},
        container | {"restartCount": number + 1, "state": ended(number + 1)},
    ]


def test_crash_loop_is_written_once(sites: Sites, node: Kubelet, writes: OperatorWrites) -> None:
    node.run(SITE, PODS)
    await_ready(sites, "Reconciled")
    (pod,) = (pod["metadata"]["name"] for pod in node.pods(SITE, "gateway"))
    first, *rest = (state for number in range(1, 12) for state in crash_cycle(number))
    node.report(pod, ready=False, container=first)
    message = await_ready(sites, "CrashLooping")["message"]
    crash, rolling = message.splitlines()
    assert crash.startswith("gateway: the container gateway (")
    assert crash.endswith(
        f" of pod {pod} exits repeatedly, last with exit code 1 (Error): cannot start after 1 s: kubectl logs {pod} -c"
        " gateway --previous"
    )
    assert rolling == "not rolled out yet: gateway (0/1 ready)"
    assert sites.status(SITE)["phase"] == "Degraded"
    writes.await_quiet()
    writes.restart()
    for state in rest:
        node.report(pod, ready=False, container=state)
    sites.settle(SITE)
    told = [event for event in writes.all() if event.resource != "events"]
    # `settle` changes the generation twice, and each of them is a write.
    assert [(event.resource, event.name) for event in told] == [("edgesites", SITE)] * 2
    assert sites.condition(SITE, "Ready")["message"] == message


def test_it_is_over_when_the_container_runs(sites: Sites, node: Kubelet) -> None:
    (pod,) = (pod["metadata"]["name"] for pod in node.pods(SITE, "gateway"))
    running = {"name": "gateway", "restartCount": 20, "state": {"running": {"startedAt": "2026-11-30T11:01:00Z"}}}
    node.report(pod, ready=True, container=running)
    assert await_ready(sites, "Reconciled")["message"] == "all components are rolled out"


def test_restart_of_the_operator_writes_nothing(
    sites: Sites, node: Kubelet, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    (pod,) = (pod["metadata"]["name"] for pod in node.pods(SITE, "gateway"))

    def fail(port: int) -> None:
        waiting = {"waiting": {"reason": "ErrImagePull", "message": f"read 10.0.0.1:{port}: refused"}}
        node.report(pod, ready=False, container={"name": "gateway", "state": waiting})

    fail(40001)
    await_ready(sites, "ImageUnavailable")
    writes.await_quiet()
    operator.stop()
    fail(40002)
    writes.restart()
    operator.start().await_leading()
    writes.await_quiet()
    assert [event.name for event in writes.all()] == []
