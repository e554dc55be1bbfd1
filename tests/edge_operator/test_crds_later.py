"""CRDs that come after the operator, and that go and come back while it runs: the order of GitOps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import config

from e2e.cluster import build
from e2e.cluster.controlplane import ControlPlane, Options, launch
from e2e.cluster.fixture import Kubectl, kubectl_for
from tests.support.install import install_crds, install_rbac
from tests.support.processes import OperatorProcess, eventually, operators
from tests.support.sites import Sites

pytestmark = pytest.mark.process

CRDS = ("edgesites.edge-stack.io", "edgedevices.edge-stack.io")


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane that no other test's CRDs are on."""
    plane = launch(tmp_path / "plane", build.ensure_binary(), Options(pods=False))
    yield plane
    plane.stop()


def await_working(operator: OperatorProcess, sites: Sites, kubectl: Kubectl, name: str) -> None:
    operator.await_ready()
    sites.apply(name)
    sites.await_reconciled(name)
    assert len(sites.children(name)) > 30


def test_crds_come_late_go_and_come_back(plane: ControlPlane, tmp_path: Path) -> None:
    kubectl = kubectl_for(plane)
    install_rbac(kubectl)
    api = config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]
    sites = Sites.of(api, "default")
    with operators(plane, tmp_path, "", "late") as make:
        operator = make().start()
        eventually("it listens", lambda: operator.port)
        eventually(
            "it says what it waits for",
            lambda: operator.get("/readyz") == (503, "the CRDs are not Established: apply crds/\n"),
        )
        assert operator.get("/healthz")[0] == 200
        install_crds(kubectl)
        await_working(operator, sites, kubectl, "late")
        pid = operator.pid
        for number, gone in enumerate((CRDS, CRDS[:1], CRDS[1:])):
            kubectl("delete", "crd", *gone)
            eventually(f"it is not ready without {gone}", lambda: operator.get("/readyz")[0] == 503, 60)
            install_crds(kubectl)
            await_working(operator, sites, kubectl, f"again-{number}")
        assert operator.pid == pid
        assert operator.stop() == 0
    api.rest_client.pool_manager.clear()
