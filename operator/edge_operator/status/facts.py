"""What was observed of a site, as far as its conditions depend on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .figures import DeviceFigures


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a site from being as its spec says.

    Attributes:
        reason: a word in CamelCase for programs.
        message: a sentence for people: what, which object, what to do.
        lasting: whether it stays until somebody acts, as opposed to passing by itself.
    """

    reason: str
    message: str
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know of a site that is no problem.

    Attributes:
        reason: a word in CamelCase for programs.
        message: a sentence for people.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ComponentFacts:
    """How one component's Deployment is.

    Attributes:
        name: gateway, processor, storage or mqtt.
        image: the image that it should run.
        desired: pods that should be.
        ready: pods that are ready.
        rolled_out: whether every pod is of the present template and ready.
        failure: what keeps its pods from being made, in the API server's words; empty if nothing.
    """

    name: str
    image: str
    desired: int
    ready: int = 0
    rolled_out: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """How the operator's own way to the site's broker is.

    Attributes:
        connected: whether there is a connection.
        message: where it is connected to, or why it is not.
        refused: whether the broker answers and does not let the operator in.
        untrusted: whether the broker's certificate is none that is trusted.
        unusable: whether what the spec names to log in with is missing or cannot be used.
        dropping_seconds: for how long it is still to be told that the broker drops messages; 0 where it does not.
    """

    connected: bool
    message: str
    refused: bool = False
    untrusted: bool = False
    unusable: bool = False
    dropping_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Everything that a site's conditions are computed from.

    Attributes:
        generation: metadata.generation that was acted on.
        paused: spec.paused.
        cloud: whether a cloud endpoint is given.
        pending_changes: objects that differ and were not written because the site is paused.
        leaving: objects that must be gone before they can be made anew.
        problems: what went wrong, gravest first.
        components: the components of the site.
        endpoints: where the site is reached, by protocol.
        notices: things to know that are no problem, such as a root Secret made anew.
        broker: how the way to the broker is; None while the first attempt is under way.
        devices: the figures of its devices that are to be told; None to leave those that were told.
    """

    generation: int
    paused: bool = False
    cloud: bool = False
    pending_changes: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    components: tuple[ComponentFacts, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    broker: BrokerFacts | None = None
    devices: DeviceFigures | None = None


def component_facts(name: str, image: str, desired: int, deployment: Mapping[str, Any]) -> ComponentFacts:
    """Return how a component is, from the spec and status of its Deployment (`{}` where there is none).

    Rolled out means what `kubectl rollout status` means: the controller has seen the generation, every replica
    is updated and available, and no old one is left.
    """
    status = deployment.get("status") or {}
    generation = deployment.get("generation")
    seen = generation is not None and status.get("observedGeneration", 0) >= generation
    counts = [int(status.get(count) or 0) for count in ("updatedReplicas", "availableReplicas", "replicas")]
    return ComponentFacts(
        name=name,
        image=image,
        desired=desired,
        ready=int(status.get("readyReplicas") or 0),
        rolled_out=seen and all(count == desired for count in counts),
        failure=_failure(status),
    )


def _failure(status: Mapping[str, Any]) -> str:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            return str(condition.get("message", ""))
    return ""
