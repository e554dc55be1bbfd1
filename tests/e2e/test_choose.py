"""Which cluster CLUSTER selects, and which is used without it."""

import pytest

from e2e.cluster.choose import Cluster, Machine, choose
from e2e.cluster.errors import HarnessError

NO_DOCKER, NO_ROOT = "no Docker engine answers", "it needs root"


def _machine(*, kind: str | None = None, node: str | None = None, platform: str = "linux") -> Machine:
    return Machine(lambda: kind, lambda: node, platform)


def _never() -> str:
    raise AssertionError("asked for what does not matter")


@pytest.mark.parametrize(
    ("machine", "cluster", "reason"),
    [
        (_machine(), Cluster.KIND, "a Docker engine answers;"),
        (_machine(kind=NO_DOCKER), Cluster.NODE, f"no kind, because {NO_DOCKER};"),
        (
            _machine(kind=NO_DOCKER, node=NO_ROOT),
            Cluster.CONTROLPLANE,
            f"no kind, because {NO_DOCKER}, and no node, because {NO_ROOT};",
        ),
    ],
)
@pytest.mark.parametrize("environment", [{}, {"CLUSTER": ""}])
def test_best_that_can_be_is_taken(
    environment: dict[str, str], machine: Machine, cluster: Cluster, reason: str
) -> None:
    choice = choose(environment, machine)
    assert choice.cluster == cluster
    assert str(choice).startswith(f"CLUSTER={cluster}: {reason}")


@pytest.mark.parametrize("wanted", list(Cluster))
def test_cluster_that_is_asked_for_is_taken(wanted: Cluster) -> None:
    choice = choose({"CLUSTER": wanted}, _machine(kind=NO_DOCKER))
    assert choice.cluster == wanted
    assert str(choice).startswith(f"CLUSTER={wanted}: asked for;")


def test_nothing_is_tried_out_that_does_not_matter() -> None:
    assert choose({"CLUSTER": "controlplane"}, Machine(_never, _never, "linux")).cluster == Cluster.CONTROLPLANE
    assert choose({"CLUSTER": "kind"}, Machine(_never, _never, "darwin")).cluster == Cluster.KIND
    assert choose({}, Machine(lambda: None, _never, "linux")).cluster == Cluster.KIND


@pytest.mark.parametrize(
    ("environment", "machine", "message"),
    [
        ({"CLUSTER": "k3d"}, _machine(), "CLUSTER=k3d is not known; use CLUSTER=kind or CLUSTER=node or"),
        ({"CLUSTER": "node"}, _machine(node=NO_ROOT), f"CLUSTER=node cannot be here, because {NO_ROOT}"),
        ({"CLUSTER": "controlplane"}, _machine(platform="darwin"), "run on Linux, this is darwin"),
        ({}, _machine(kind=NO_DOCKER, node="it needs Linux", platform="darwin"), "start Docker and use CLUSTER=kind"),
    ],
)
def test_what_cannot_be_is_refused(environment: dict[str, str], machine: Machine, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        choose(environment, machine)
