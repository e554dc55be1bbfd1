"""What pods use, as the kubelet measures it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from e2e.cluster.node.node import Node

SAMPLE = re.compile(r"^(?P<name>[a-z_]+)\{(?P<labels>.*)\} (?P<value>[0-9.e+-]+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
FIELDS = {
    "container_memory_working_set_bytes": "memory",
    "container_cpu_usage_seconds_total": "cpu",
    "container_cpu_cfs_periods_total": "periods",
    "container_cpu_cfs_throttled_periods_total": "throttled",
}


@dataclass
class Figures:
    """Sums over the pods of one component.

    Attributes:
        memory: working set, in bytes.
        cpu: seconds since the start.
        periods: periods of the CPU quota in which it ran.
        throttled: those in which it was held.
        names: of the pods.
    """

    memory: float = 0.0
    cpu: float = 0.0
    periods: float = 0.0
    throttled: float = 0.0
    names: set[str] = field(default_factory=set)

    @property
    def pods(self) -> int:
        """How many pods there are."""
        return len(self.names)


@dataclass(frozen=True)
class Usage:
    """What every component used at one moment."""

    by_component: Mapping[tuple[str, str], Figures]

    def of(self, namespace: str, component: str) -> Figures:
        """Return the figures of a component, by the part of its pods' names that is its own."""
        return self.by_component.get((namespace, component), Figures())


@dataclass(frozen=True)
class Cadvisor:
    """Asks the kubelet of a node."""

    node: Node

    def read(self) -> Usage:
        """Return what is used now."""
        text = self.node.kubectl("get", "--raw", f"/api/v1/nodes/{self.node.name}/proxy/metrics/cadvisor")
        found: dict[tuple[str, str], Figures] = defaultdict(Figures)
        for line in text.splitlines():
            sample = SAMPLE.match(line)
            if sample is None or sample["name"] not in FIELDS:
                continue
            labels = dict(LABEL.findall(sample["labels"]))
            if not labels.get("container") or not labels.get("pod"):
                continue
            # <owner>-<component>-<hash of the template>-<random>
            figures = found[labels["namespace"], labels["pod"].rsplit("-", 3)[1]]
            figures.names.add(labels["pod"])
            attribute = FIELDS[sample["name"]]
            setattr(figures, attribute, getattr(figures, attribute) + float(sample["value"]))
        return Usage(found)
