"""The pytest plugin: our CRDs and RBAC on the control plane, and operators that run against it."""

from collections.abc import Iterator

import pytest

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from tests.support.install import install
from tests.support.processes import OperatorFactory, OperatorProcess, operators


@pytest.fixture(scope="session")
def installed(kubectl: Kubectl) -> None:
    """Our CRDs Established and the operator's RBAC in place, as the repository has them."""
    install(kubectl)


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
