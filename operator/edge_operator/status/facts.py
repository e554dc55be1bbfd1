"""Facts that the conditions of a site are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.api.conditions import find_condition
from edge_wire.messages import DataLost, StorageReport
from edge_wire.messages.sinks import SinkReport

from .certificate_facts import CertificateReport
from .device_counts import DeviceCounts
from .dropped_messages import DroppedMessages


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that keeps a resource from the state in its spec.

    Attributes:
        reason: reason in CamelCase, for programs.
        message: message for people: what, which object, what to do.
        lasting: whether it stays until somebody acts, as opposed to a temporary one.
    """

    reason: str
    message: str
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Notice:
    """Information about a site that is not a problem.

    Attributes:
        reason: reason in CamelCase, for programs.
        message: message for people.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ComponentFacts:
    """State of a component's Deployment.

    Attributes:
        name: gateway, processor, storage or mqtt.
        image: desired image.
        desired: desired number of pods.
        ready: number of ready pods.
        rolled_out: whether every pod is ready and has the present template.
        failure: message of the API server if pods cannot be created; else empty.
        old: number of pods with an earlier template, if pods with the present one are not all ready.
    """

    name: str
    image: str
    desired: int
    ready: int = 0
    rolled_out: bool = False
    failure: str = ""
    old: int = 0


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """State of the operator's session with the site's broker.

    Attributes:
        connected: whether there is a connection.
        message: the address, or the error.
        refused: whether the broker rejects the operator's login.
        untrusted: whether the broker's certificate is not trusted.
        unusable: whether the login in the spec is missing or invalid.
        contended: whether other clients take the session over again and again.
    """

    connected: bool
    message: str
    refused: bool = False
    untrusted: bool = False
    unusable: bool = False
    contended: bool = False


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """Facts that topics of the site's broker report.

    Attributes:
        dropping_seconds: seconds for which the condition BrokerDropping stays; 0 if the broker drops nothing.
        dropped: messages that the broker has dropped since that condition began; None if that is not known.
        dropped_change_seconds: seconds until another number of them is shown; 0 if it does not change.
        data_lost: data that the broker has lost lately; None if it has lost none.
        keeps_data_lost: whether the condition BrokerDataLost stays, because the broker has not reported yet.
        storage: state of the store; None if it was not reported yet.
        sinks: state of the sinks; None if it was not reported yet.
        sinks_change_seconds: seconds until a change of a connection is shown that is held back; 0 if none is.
        processor_absent: whether no processor of a site with sinks has run for a while.
        processor_change_seconds: seconds until that becomes true; 0 if nothing changes by itself.
    """

    dropping_seconds: float = 0.0
    dropped: DroppedMessages | None = None
    dropped_change_seconds: float = 0.0
    data_lost: DataLost | None = None
    keeps_data_lost: bool = False
    storage: StorageReport | None = None
    sinks: tuple[SinkReport, ...] | None = None
    sinks_change_seconds: float = 0.0
    processor_absent: bool = False
    processor_change_seconds: float = 0.0

    @property
    def changes_after(self) -> float | None:
        """Seconds until a condition changes without another message; None if none does."""
        changes = (
            self.dropping_seconds,
            self.dropped_change_seconds,
            self.sinks_change_seconds,
            self.processor_change_seconds,
        )
        return min((each for each in changes if each), default=None)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Facts that the conditions of a site are computed from.

    Attributes:
        generation: metadata.generation that was reconciled.
        paused: spec.paused.
        pending_changes: objects that differ and were not written because the site is paused.
        terminating: objects that are still being deleted: their replacements wait.
        problems: problems, the most severe first.
        components: the components of the site.
        pods: why pods of components that are not rolled out do not run.
        endpoints: URLs of the site by protocol.
        notices: information that is not a problem, such as a regenerated root Secret.
        broker: state of the session with the broker; None before the first attempt has ended.
        topics: what topics of the broker report.
        devices: device counts to write; None to keep those in the status.
        sinks: names of the sinks that the spec configures; None if the spec is unusable.
        sink_problems: problems of the Secrets of sinks, by name of the sink.
        certificates: what is wrong with its certificates; None if they were not read.
        figures_due: whether figures of sinks and store are written, although nothing else has changed.
    """

    generation: int
    paused: bool = False
    pending_changes: tuple[str, ...] = ()
    terminating: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    components: tuple[ComponentFacts, ...] = ()
    pods: tuple[Problem, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    broker: BrokerFacts | None = None
    topics: TopicFacts = TopicFacts()
    devices: DeviceCounts | None = None
    sinks: tuple[str, ...] | None = ()
    sink_problems: Mapping[str, str] = field(default_factory=dict)
    certificates: CertificateReport | None = None
    figures_due: bool = True


def component_facts(name: str, image: str, desired: int, deployment: Mapping[str, Any]) -> ComponentFacts:
    """Return the state of a component.

    Rolled out means the same as in `kubectl rollout status`: the controller has observed the generation, every
    replica is updated and available, and no old one remains.

    Args:
        name: name of the component.
        image: its image.
        desired: number of replicas in the desired state.
        deployment: spec and status of its Deployment; `{}` if it does not exist.
    """
    status = deployment.get("status") or {}
    generation = deployment.get("generation")
    seen = generation is not None and status.get("observedGeneration", 0) >= generation
    counts = [int(status.get(count) or 0) for count in ("updatedReplicas", "availableReplicas", "replicas")]
    updated, _, total = counts
    return ComponentFacts(
        name=name,
        image=image,
        desired=desired,
        ready=int(status.get("readyReplicas") or 0),
        rolled_out=seen and all(count == desired for count in counts),
        failure=_failure(status),
        old=max(0, total - updated),
    )


def _failure(status: Mapping[str, Any]) -> str:
    condition = find_condition(status, "ReplicaFailure")
    return str(condition.get("message", "")) if condition.get("status") == "True" else ""
