"""Messages about the pods of a site that do not run: one for each cause, with the next step. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from edge_operator.desired.components import MQTT

from . import reasons
from .containers import same_words
from .facts import Problem
from .pods import PodProblem

ABOUT_VOLUMES = re.compile("persistentvolume|persistent volume", re.IGNORECASE)
"""Words of the scheduler for a pod that waits for a volume."""


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """A volume claim that is not bound.

    Attributes:
        name: kind, namespace and name.
        size: requested size.
        storage_class: name of its StorageClass; empty if it has none.
        phase: Pending or Lost.
    """

    name: str
    size: str
    storage_class: str
    phase: str


def pod_messages(
    pods: Iterable[PodProblem], unbound: Mapping[str, Sequence[ClaimFacts]], present: str = ""
) -> tuple[Problem, ...]:
    """Return the problems of pods. Pods of one component with the same cause share a message.

    Args:
        pods: why pods do not run.
        unbound: volume claims that are not bound, by component.
        present: message in the status. A line of it stays if only numbers in the quoted words have changed.
    """
    ordered = sorted(pods, key=lambda pod: (*_cause(pod), pod.pod))
    found = []
    for _, (first, *others) in groupby(ordered, key=_cause):
        problem = _problem(first, len(others), unbound.get(first.component, ()))
        found.append(replace(problem, message=_steady(problem.message, first.detail, present)))
    return tuple(found)


def _steady(message: str, detail: str, present: str) -> str:
    before, quoted, after = message.partition(detail) if detail else (message, "", "")
    for line in present.splitlines() if quoted else ():
        was = line[len(before) : len(line) - len(after)]
        if line == f"{before}{was}{after}" and same_words(was, detail):
            return line
    return message


def _cause(pod: PodProblem) -> tuple[str, ...]:
    return pod.component, pod.reason, pod.container, pod.image


def _problem(pod: PodProblem, others: int, unbound: Sequence[ClaimFacts]) -> Problem:
    if pod.reason == reasons.UNSCHEDULABLE and unbound and (not pod.detail or ABOUT_VOLUMES.search(pod.detail)):
        return Problem(reasons.VOLUME_NOT_BOUND, _not_bound(pod, unbound), lasting=False)
    name = f"pod {pod.pod}" + (f" (and {others} more)" if others else "")
    message, next_step = MESSAGES[pod.reason](pod, name)
    return Problem(pod.reason, f"{pod.component}: {message}: {next_step}", lasting=False)


def _field(component: str) -> str:
    return "spec.broker.managed" if component == MQTT else f"spec.{component}"


def _is_own(pod: PodProblem) -> bool:
    """Return whether the container is that of the component, which has an image and resources in the spec."""
    return pod.container == pod.component


def _image(pod: PodProblem, name: str) -> tuple[str, str]:
    where = f"{_field(pod.component)}.image, " if _is_own(pod) else ""
    words = f": {pod.detail}" if pod.detail else ""
    return (
        f"the image {pod.image} of {name} cannot be pulled{words}",
        f"check {where}the registry, spec.imagePullSecrets and the network of the node",
    )


def _unschedulable(pod: PodProblem, name: str) -> tuple[str, str]:
    field = f"{_field(pod.component)}.resources.requests"
    return (
        f"{name} cannot be scheduled: {pod.detail or 'the scheduler has not assigned a node'}",
        f"add or free a node, or change spec.scheduling or {field}",
    )


def _crash_looping(pod: PodProblem, name: str) -> tuple[str, str]:
    return (
        f"the container {pod.container} ({pod.image}) of {name} exits repeatedly, last with {pod.detail}",
        f"kubectl logs {pod.pod} -c {pod.container} --previous",
    )


def _out_of_memory(pod: PodProblem, name: str) -> tuple[str, str]:
    limit = f"its memory limit of {pod.detail}" if pod.detail else "the memory of its node"
    next_step = f"raise {_field(pod.component)}.resources.limits.memory" if _is_own(pod) else "reduce the load"
    return f"the container {pod.container} ({pod.image}) of {name} was killed because it exceeded {limit}", next_step


def _not_starting(pod: PodProblem, name: str) -> tuple[str, str]:
    if pod.container:
        return (
            f"the container {pod.container} ({pod.image}) of {name} cannot be started: {pod.detail}",
            f"kubectl describe pod {pod.pod}",
        )
    mounts = f"; {pod.detail}" if pod.detail else ""
    message = (
        f"no container of {name} has started for two minutes: an image is still pulled, or a Secret or a volume is"
        f" missing{mounts}"
    )
    return message, f"kubectl describe pod {pod.pod}"


def _not_bound(pod: PodProblem, unbound: Sequence[ClaimFacts]) -> str:
    claims = "; ".join(map(_claim, unbound))
    words = f" ({pod.detail})" if pod.detail else ""
    steps = (
        "set spec.storage.storageClassName in a new site, or set a default StorageClass"
        if any(not each.storage_class for each in unbound)
        else f"kubectl describe persistentvolumeclaim {unbound[0].name.rpartition('/')[2]}"
    )
    return f"{pod.component}: pod {pod.pod} waits for a volume{words}: {claims}: {steps}"


def _claim(claim: ClaimFacts) -> str:
    if claim.phase == "Lost":
        return f"the volume of {claim.name} was deleted"
    given = f"StorageClass {claim.storage_class}" if claim.storage_class else "no StorageClass, and no default exists"
    return f"{claim.name} ({claim.size}, {given}) is not bound"


MESSAGES: Mapping[str, Callable[[PodProblem, str], tuple[str, str]]] = {
    reasons.IMAGE_UNAVAILABLE: _image,
    reasons.UNSCHEDULABLE: _unschedulable,
    reasons.CRASH_LOOPING: _crash_looping,
    reasons.OUT_OF_MEMORY: _out_of_memory,
    reasons.POD_NOT_STARTING: _not_starting,
}
"""Message and next step, by reason; from the problem and the words for its pods."""
