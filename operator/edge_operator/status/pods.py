"""Why a pod does not run, from its own status: named checks in order, the first result wins. Pure."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge_operator.api.conditions import find_condition
from edge_operator.desired.metadata import SITE_LABEL
from edge_wire.messages import parse_timestamp

from . import reasons
from .containers import last_end, last_words, one_line, state_of, was_short

IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""Reasons of the kubelet for an image that it cannot use (kubernetes/kubernetes, pkg/kubelet/images/types.go)."""

STARTING_REASONS = frozenset({"ContainerCreating", "PodInitializing"})
"""Reasons of the kubelet for a container that is about to start."""

BACK_OFF = "CrashLoopBackOff"
CRASH_RESTARTS = 2
"""Number of restarts from which a container crash-loops also between two waits of the kubelet."""

_PULL_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*"(: )?')
_PREEMPTION = re.compile(r"[.,]?\s*(no new claims to deallocate, )?preemption: .*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PodProblem:
    """Why a pod does not run.

    Attributes:
        reason: reason in CamelCase, for programs.
        component: gateway, processor, storage or mqtt.
        pod: name of the pod.
        container: name of the container; empty if the problem is that of the pod.
        image: image of the container.
        detail: words of Kubernetes or of the program, on one line.
        since: time from which the problem counts; None if it counts at once.
    """

    reason: str
    component: str
    pod: str
    container: str = ""
    image: str = ""
    detail: str = ""
    since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Pod:
    """A pod, and one container of it, as JSON."""

    pod: Mapping[str, Any]
    container: Mapping[str, Any]
    """Status of the container; `{}` for a check of the pod."""

    @property
    def status(self) -> Mapping[str, Any]:
        """Status of the pod."""
        return self.pod.get("status") or {}

    def problem(self, reason: str, detail: str, since: str | None = None) -> PodProblem:
        """Return the problem of this pod or container."""
        metadata, name = self.pod["metadata"], str(self.container.get("name", ""))
        return PodProblem(
            reason,
            component=component_of(self.pod),
            pod=metadata["name"],
            container=name,
            image=str(_declared(self.pod, name).get("image", "")),
            detail=one_line(detail),
            since=parse_timestamp(since),
        )


def component_of(pod: Mapping[str, Any]) -> str:
    """Return the component that a pod runs, by its label; empty if it has none."""
    return str((pod["metadata"].get("labels") or {}).get("app.kubernetes.io/component", ""))


def pod_problem(pod: Mapping[str, Any]) -> PodProblem | None:
    """Return why a pod does not run; None if it is ready, ends, or may become ready by itself.

    The value is the same while a container crash-loops: neither the number of restarts nor the time is part of it.
    """
    status = pod.get("status") or {}
    if "deletionTimestamp" in pod["metadata"] or status.get("phase") in ("Succeeded", "Failed"):
        return None
    if find_condition(status, "Ready").get("status") == "True":
        return None
    containers = list(_containers(status))
    for check in CONTAINER_CHECKS:
        for container in containers:
            if (problem := check(_Pod(pod, container))) is not None:
                return problem
    return _unscheduled(_Pod(pod, {})) or _not_started(_Pod(pod, {}), containers)


def _image(of: _Pod) -> PodProblem | None:
    waiting = state_of(of.container, "waiting")
    if waiting.get("reason") not in IMAGE_REASONS:
        return None
    message = _PULL_BACK_OFF.sub("", str(waiting.get("message") or ""))
    return of.problem(reasons.IMAGE_UNAVAILABLE, message.removeprefix("ErrImagePull: "))


def _not_created(of: _Pod) -> PodProblem | None:
    waiting = state_of(of.container, "waiting")
    reason = str(waiting.get("reason") or "")
    if not reason or reason in STARTING_REASONS | {BACK_OFF}:
        return None
    return of.problem(reasons.POD_NOT_STARTING, f"{reason}: {waiting.get('message') or ''}")


def _out_of_memory(of: _Pod) -> PodProblem | None:
    if of.container.get("ready") or last_end(of.container).get("reason") != "OOMKilled":
        return None
    limits = (_declared(of.pod, of.container["name"]).get("resources") or {}).get("limits") or {}
    return of.problem(reasons.OUT_OF_MEMORY, str(limits.get("memory", "")))


def _crash_looping(of: _Pod) -> PodProblem | None:
    ended = last_end(of.container)
    if of.container.get("ready") or not ended:
        return None
    waits = state_of(of.container, "waiting").get("reason") == BACK_OFF
    repeats = int(of.container.get("restartCount") or 0) >= CRASH_RESTARTS and was_short(ended)
    if not (waits or repeats):
        return None
    code = f"exit code {ended.get('exitCode')}" + (f" ({ended['reason']})" if ended.get("reason") else "")
    return of.problem(reasons.CRASH_LOOPING, ": ".join(filter(None, (code, last_words(ended)))))


CONTAINER_CHECKS: tuple[Callable[[_Pod], PodProblem | None], ...] = (
    _image,
    _not_created,
    _out_of_memory,
    _crash_looping,
)


def _unscheduled(of: _Pod) -> PodProblem | None:
    if (of.pod.get("spec") or {}).get("nodeName"):
        return None
    scheduled = find_condition(of.status, "PodScheduled")
    if scheduled.get("status") == "False":
        message = _PREEMPTION.sub("", str(scheduled.get("message") or scheduled.get("reason") or ""))
        return of.problem(reasons.UNSCHEDULABLE, message, scheduled.get("lastTransitionTime"))
    return of.problem(reasons.UNSCHEDULABLE, "", of.pod["metadata"].get("creationTimestamp"))


def _not_started(of: _Pod, containers: list[Mapping[str, Any]]) -> PodProblem | None:
    """Return the problem of a pod on a node of which no container has started."""
    if any(state_of(each, "running") or last_end(each) for each in containers):
        return None
    secrets = ", ".join(_user_secrets(of.pod))
    detail = f"it mounts Secrets that you provide: {secrets}" if secrets else ""
    # The kubelet reports the start some time after the scheduler has assigned the node.
    assigned_at = find_condition(of.status, "PodScheduled").get("lastTransitionTime")
    since = of.status.get("startTime") or assigned_at or of.pod["metadata"].get("creationTimestamp")
    return of.problem(reasons.POD_NOT_STARTING, detail, since)


def _user_secrets(pod: Mapping[str, Any]) -> list[str]:
    """Return the Secrets that a pod mounts and cannot start without, except those that the operator creates."""
    site = str((pod["metadata"].get("labels") or {}).get(SITE_LABEL, ""))
    names = set()
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        projected = ((volume.get("projected") or {}).get("sources")) or ()
        for secret in (volume.get("secret") or {}, *(each.get("secret") or {} for each in projected)):
            if not secret.get("optional"):
                names.add(str(secret.get("secretName") or secret.get("name") or ""))
    return sorted(name for name in names if name and not name.startswith(f"{site}-"))


def _containers(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in ("initContainerStatuses", "containerStatuses"):
        yield from status.get(group) or ()


def _declared(pod: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    spec = pod.get("spec") or {}
    declared = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return next((each for each in declared if each["name"] == name), {})
