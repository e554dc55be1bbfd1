"""The cluster's etcd is restored from an older snapshot while the operator runs: resource versions go backwards."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import config

from e2e.cluster import build
from e2e.cluster.controlplane import ControlPlane, Options, launch
from e2e.cluster.fixture import kubectl_for
from edge_operator.desired.kinds import DEPLOYMENT
from tests.support.install import install_crds, install_rbac
from tests.support.processes import eventually, operators
from tests.support.sites import Sites, kind_path

pytestmark = pytest.mark.process

SECONDS = 90.0


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane whose data no other test needs."""
    plane = launch(tmp_path / "plane", build.ensure_binary(), Options(pods=False))
    yield plane
    plane.stop()


def test_the_operator_follows_a_restored_etcd(plane: ControlPlane, tmp_path: Path) -> None:
    kubectl = kubectl_for(plane)
    install_rbac(kubectl)
    install_crds(kubectl)
    api = config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]
    sites = Sites.of(api, "default")
    data = plane.directory / "etcd"
    with operators(plane, tmp_path, "", "restored") as make:
        operator = make().start().await_ready()
        for name in ("kept", "deleted-later"):
            sites.apply(name)
            sites.await_reconciled(name)
        plane.stop()
        shutil.copytree(data, tmp_path / "snapshot")
        plane.start()
        sites.delete("deleted-later")
        for number in range(5):
            sites.apply(f"made-later-{number}")
            sites.await_reconciled(f"made-later-{number}", SECONDS)
        plane.stop()
        shutil.rmtree(data)
        shutil.copytree(tmp_path / "snapshot", data)
        plane.start()
        assert operator.process is not None
        assert operator.process.wait(SECONDS) == 3, "a pod would be restarted"
        assert "its data was restored from a backup" in operator.log.read_text()
        sites.api("DELETE", kind_path(DEPLOYMENT, "default", "kept-gateway"))
        operator.start().await_ready()
        eventually("drift is repaired", lambda: sites.child(DEPLOYMENT, "kept-gateway"), SECONDS)
        sites.apply("made-after")
        sites.await_reconciled("made-after", SECONDS)
        sites.api("DELETE", kind_path(DEPLOYMENT, "default", "deleted-later-gateway"))
        eventually("a site that is back is kept up", lambda: sites.child(DEPLOYMENT, "deleted-later-gateway"), SECONDS)
        eventually("only sites that exist are counted", lambda: operator.metric("edge_sites") == 3, SECONDS)
        assert operator.stop() == 0
    api.rest_client.pool_manager.clear()
