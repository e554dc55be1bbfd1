"""Which cluster is taken: what CLUSTER says, or the most real one that this machine can have."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from e2e.cluster.errors import HarnessError


class Cluster(StrEnum):
    """The clusters there are, the most convenient first."""

    KIND = "kind"
    NODE = "node"
    CONTROLPLANE = "controlplane"


DESCRIPTIONS = {
    Cluster.KIND: "nodes are Docker containers",
    Cluster.NODE: "a real node in namespaces of this machine",
    Cluster.CONTROLPLANE: "a real control plane without nodes: no pod runs",
}
ASKED = "asked for"


@dataclass(frozen=True)
class Choice:
    """A cluster and why it was taken."""

    cluster: Cluster
    reason: str

    def __str__(self) -> str:
        return f"CLUSTER={self.cluster}: {self.reason}; {DESCRIPTIONS[self.cluster]}"


# Asked only if the answer matters: says why there can be no such cluster, in words that follow "because", or None.
Reason = Callable[[], str | None]


@dataclass(frozen=True)
class Machine:
    """What can be on this machine."""

    against_kind: Reason
    against_node: Reason
    platform: str = sys.platform


def choose(environment: Mapping[str, str], machine: Machine) -> Choice:
    """The cluster to bring up.

    Raises:
        HarnessError: CLUSTER names one that does not exist or cannot be here, or there can be none at all.
    """
    wanted = environment.get("CLUSTER", "")
    if wanted not in ("", *Cluster):
        raise HarnessError(f"CLUSTER={wanted} is not known; use CLUSTER={' or CLUSTER='.join(Cluster)}")
    if wanted == Cluster.NODE and (reason := machine.against_node()):
        raise HarnessError(f"CLUSTER=node cannot be here, because {reason}")
    if wanted == Cluster.CONTROLPLANE:
        _check_platform(machine.platform)
    return Choice(Cluster(wanted), ASKED) if wanted else _best(machine)


def _best(machine: Machine) -> Choice:
    no_kind = machine.against_kind()
    if no_kind is None:
        return Choice(Cluster.KIND, "a Docker engine answers")
    no_node = machine.against_node()
    if no_node is None:
        return Choice(Cluster.NODE, f"no kind, because {no_kind}")
    _check_platform(machine.platform)
    return Choice(Cluster.CONTROLPLANE, f"no kind, because {no_kind}, and no node, because {no_node}")


def _check_platform(platform: str) -> None:
    if platform != "linux":
        raise HarnessError(
            f"node and control plane run on Linux, this is {platform}: start Docker and use CLUSTER=kind"
        )
