"""Which cluster is taken: the environment's CLUSTER, or what works everywhere."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from e2e.cluster.errors import HarnessError


class Cluster(StrEnum):
    """The clusters there are."""

    CONTROLPLANE = "controlplane"
    KIND = "kind"


@dataclass(frozen=True)
class Choice:
    """A cluster and why it was taken."""

    cluster: Cluster
    reason: str

    def __str__(self) -> str:
        return f"CLUSTER={self.cluster}: {self.reason}"


def choose(environment: Mapping[str, str], platform: str = sys.platform) -> Choice:
    """The cluster to use on this platform (as in `sys.platform`).

    Raises:
        HarnessError: CLUSTER names one that does not exist, not yet, or not on this platform.
    """
    wanted = environment.get("CLUSTER", "")
    if wanted == Cluster.KIND:
        return Choice(Cluster.KIND, "asked for; nodes are Docker containers, pods run")
    if wanted == "node":
        raise HarnessError("the node comes with a later release; use CLUSTER=controlplane")
    if wanted not in ("", Cluster.CONTROLPLANE):
        raise HarnessError(f"CLUSTER={wanted} is not known; use CLUSTER=controlplane or CLUSTER=kind")
    if platform != "linux":
        raise HarnessError(f"the control plane runs on Linux, this is {platform}; use CLUSTER=kind")
    why = "asked for" if wanted else "CLUSTER is not set"
    return Choice(
        Cluster.CONTROLPLANE, f"{why}; a real control plane without nodes: no pod runs (CLUSTER=kind has nodes)"
    )
