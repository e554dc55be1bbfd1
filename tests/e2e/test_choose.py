"""Which cluster CLUSTER stands for."""

import pytest

from e2e.cluster.choose import Cluster, choose
from e2e.cluster.errors import HarnessError


@pytest.mark.parametrize(
    ("environment", "cluster", "reason"),
    [
        ({}, Cluster.CONTROLPLANE, "CLUSTER is not set"),
        ({"CLUSTER": ""}, Cluster.CONTROLPLANE, "CLUSTER is not set"),
        ({"CLUSTER": "controlplane"}, Cluster.CONTROLPLANE, "asked for"),
        ({"CLUSTER": "kind"}, Cluster.KIND, "asked for"),
    ],
)
def test_cluster_taken(environment: dict[str, str], cluster: Cluster, reason: str) -> None:
    choice = choose(environment, "linux")
    assert choice.cluster == cluster
    assert str(choice).startswith(f"CLUSTER={cluster}: {reason}")


@pytest.mark.parametrize(
    ("environment", "platform", "message"),
    [
        ({"CLUSTER": "node"}, "linux", "the node comes with a later release; use CLUSTER=controlplane"),
        ({"CLUSTER": "k3d"}, "linux", "CLUSTER=k3d is not known"),
        ({}, "darwin", "runs on Linux, this is darwin; use CLUSTER=kind"),
    ],
)
def test_cluster_refused(environment: dict[str, str], platform: str, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        choose(environment, platform)


def test_kind_works_elsewhere() -> None:
    assert choose({"CLUSTER": "kind"}, "darwin").cluster == Cluster.KIND
