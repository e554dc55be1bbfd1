"""Pods as a kubelet and a scheduler of Kubernetes 1.37 report them, without the fields that nobody reads."""

from typing import Any

RUNNING = {"running": {"startedAt": "2026-11-30T11:00:03Z"}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """Return the state of a container that waits."""
    return {"waiting": {"reason": reason, "message": message} if message else {"reason": reason}}


def terminated(
    *,
    exit_code: int = 1,
    reason: str = "Error",
    message: str = "",
    started: str = "2026-11-30T11:00:00Z",
    finished: str = "2026-11-30T11:00:02Z",
) -> dict[str, Any]:
    """Return the state of a container that ended."""
    ended = {"exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": finished}
    return {"terminated": ended | ({"message": message} if message else {})}


def pod(
    *,
    name: str = "plant-gateway-7-a",
    component: str = "gateway",
    image: str = "i:1",
    ready: bool = False,
    node: str = "node-1",
    container: dict[str, Any] | None = None,
    sidecar: dict[str, Any] | None = None,
    conditions: list[dict[str, Any]] | None = None,
    limits: dict[str, str] | None = None,
    volumes: list[dict[str, Any]] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """Return a pod of the site `plant`.

    Args:
        name: name of the pod.
        component: its component, which is also the name of its container.
        image: image of its container.
        ready: whether it is ready.
        node: node that it is assigned to; empty if it has none.
        container: status of its container; None if it has none yet.
        sidecar: status of the container broker-agent; None if it has none.
        conditions: other conditions than Ready.
        limits: limits of its container.
        volumes: its volumes.
        **status: other fields of the status.
    """
    labels = {"edge-stack.io/site": "plant", "app.kubernetes.io/component": component}
    owner = {"kind": "ReplicaSet", "name": f"plant-{component}-7"}
    spec: dict[str, Any] = {
        "initContainers": [{"name": "broker-agent", "image": "agent:1"}] if sidecar is not None else [],
        "containers": [{"name": component, "image": image, "resources": {"limits": limits or {}}}],
        "volumes": volumes or [],
    }
    found: dict[str, Any] = {
        "phase": "Pending",
        "startTime": "2026-11-30T12:00:00Z",
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}, *(conditions or [])],
        "containerStatuses": [] if container is None else [{"name": component, "ready": ready, **container}],
        "initContainerStatuses": [] if sidecar is None else [{"name": "broker-agent", "ready": False, **sidecar}],
    }
    return {
        "metadata": {
            "namespace": "ns",
            "name": name,
            "labels": labels,
            "ownerReferences": [owner],
            "creationTimestamp": "2026-11-30T12:00:00Z",
        },
        "spec": spec | ({"nodeName": node} if node else {}),
        "status": found | status,
    }
