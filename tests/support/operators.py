"""The pytest plugin: our CRDs and RBAC on the control plane, and operators that run against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from tests.support.processes import OperatorFactory, OperatorProcess, eventually, operators

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def installed(kubectl: Kubectl) -> None:
    """Our CRDs Established and the operator's RBAC in place, as the repository has them."""
    kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
    crds = ("crd/edgesites.edge-stack.io", "crd/edgedevices.edge-stack.io")
    wait = ("wait", "--for=condition=Established", *crds, "--timeout=10s")
    # kubectl wait fails on a CRD that has no conditions yet.
    eventually("CRDs Established", lambda: kubectl(*wait, check=False).returncode == 0)
    kubectl("create", "namespace", "edge-system", check=False)
    kubectl("apply", "-f", str(ROOT / "charts/edge-stack/files/operator-rbac.yaml"))


@pytest.fixture(scope="module")
def make_operator(
    installed: None, control_plane: ControlPlane, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorFactory]:
    """Make operators that watch the module's namespace alone and elect their leader among themselves."""
    with operators(control_plane, tmp_path_factory.mktemp("operators"), namespace, f"lease-{namespace}") as factory:
        yield factory


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    """An operator that leads in the module's namespace."""
    return make_operator().start().await_leading()
