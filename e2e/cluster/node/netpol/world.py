"""What policies are about, from the API's JSON: pods with an address, labels of namespaces, policies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

Labels = Mapping[str, str]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod on the pods' network. `ports`: its named ports as (name, protocol) → numbers."""

    namespace: str
    uid: str
    address: str
    labels: Labels
    ports: Mapping[tuple[str, str], tuple[int, ...]]

    @classmethod
    def parse(cls, pod: Json) -> Self | None:
        """The pod, or None if no policy can be about it: ended, without an address, or on the node's own network."""
        spec, status = pod["spec"], pod["status"]
        if spec.get("hostNetwork") or not status.get("podIP") or status.get("phase") not in {"Pending", "Running"}:
            return None
        ports: dict[tuple[str, str], tuple[int, ...]] = {}
        for port in (port for container in spec["containers"] for port in container.get("ports") or ()):
            if name := port.get("name"):
                key = (name, port.get("protocol", "TCP"))
                ports[key] = (*ports.get(key, ()), port["containerPort"])
        metadata = pod["metadata"]
        return cls(metadata["namespace"], metadata["uid"], status["podIP"], metadata.get("labels") or {}, ports)


@dataclass(frozen=True)
class Policy:
    """A NetworkPolicy: its namespace and its spec."""

    namespace: str
    spec: Json

    @property
    def types(self) -> frozenset[str]:
        """The directions it is about."""
        implied = ["Ingress", "Egress"] if self.spec.get("egress") else ["Ingress"]
        return frozenset(self.spec.get("policyTypes") or implied)

    def selects(self, pod: Pod) -> bool:
        """Whether it is about this pod."""
        return self.namespace == pod.namespace and matches(self.spec.get("podSelector") or {}, pod.labels)


@dataclass(frozen=True)
class World:
    """Everything that decides what may be sent where."""

    pods: tuple[Pod, ...]
    namespaces: Mapping[str, Labels]
    policies: tuple[Policy, ...]

    @classmethod
    def parse(cls, pods: Iterable[Json], namespaces: Iterable[Json], policies: Iterable[Json]) -> Self:
        """From the items of three lists."""
        parsed = (Pod.parse(pod) for pod in pods)
        return cls(
            tuple(pod for pod in parsed if pod),
            {one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in namespaces},
            tuple(Policy(one["metadata"]["namespace"], one["spec"]) for one in policies),
        )


def matches(selector: Json, labels: Labels) -> bool:
    """Whether a label selector selects these labels; an empty one selects everything."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def _holds(expression: Json, labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels
