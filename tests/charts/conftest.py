"""Helm, and what its chart is held against."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from e2e.cluster import build
from e2e.cluster.checkout import EDGE
from e2e.cluster.controlplane import ControlPlane, Options, launch
from e2e.cluster.fixture import Kubectl, kubectl_for
from e2e.cluster.scratch import scratch_directory
from e2e.tools import ensure_tool, schemas
from e2e.tools.helm import CHART, Helm
from tests.charts.installed import Cluster
from tests.charts.rendering import Rendering, render

API_VERSIONS = (
    "v1",
    "apps/v1",
    "coordination.k8s.io/v1",
    "networking.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
    "apiextensions.k8s.io/v1",
)
VALUES = sorted((Path(__file__).parent / "values").glob("*.yaml"))


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> dict[str, Path]:
    """The built tools; their building is seen, as it can take minutes."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        return {name: ensure_tool(name) for name in ("helm", "kubeconform", "kube-score")}


@pytest.fixture(scope="session")
def helm(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm without a cluster."""
    return Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(params=VALUES, ids=lambda path: path.stem)
def rendering(request: pytest.FixtureRequest, helm: Helm) -> Rendering:
    """What the chart renders, with each of the values files in turn."""
    return render(helm, request.param)


@pytest.fixture(scope="session")
def schema_location(cluster_kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where kubeconform finds the schemas of this API server and of our CRDs."""
    crds = [yaml.safe_load(path.read_text()) for path in sorted((CHART / "crds").glob("*.yaml"))]
    folder = tmp_path_factory.mktemp("schemas")
    return schemas.write(folder, lambda path: cluster_kubectl("get", "--raw", path).stdout, API_VERSIONS, crds)


@pytest.fixture(scope="session")
def chart_plane() -> Iterator[ControlPlane]:
    """A control plane for the chart's tests alone: its objects are cluster-wide, those of other tests as well."""
    binary = build.ensure_binary()
    with scratch_directory(EDGE) as directory:
        plane = launch(directory, binary, Options(pods=False))
        try:
            yield plane
        finally:
            plane.stop()


@pytest.fixture(scope="session")
def cluster_kubectl(chart_plane: ControlPlane) -> Kubectl:
    """Run kubectl against the chart's control plane."""
    return kubectl_for(chart_plane)


@pytest.fixture(scope="session")
def cluster_helm(chart_plane: ControlPlane, tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm against the chart's control plane."""
    return Helm(tmp_path_factory.mktemp("helm"), chart_plane.kubeconfig)


@pytest.fixture(scope="module")
def cluster(chart_plane: ControlPlane, cluster_helm: Helm, cluster_kubectl: Kubectl) -> Iterator[ControlPlane]:
    """The chart's control plane with nothing of the chart on it, for one module."""
    yield chart_plane
    Cluster(cluster_helm, cluster_kubectl).clear()


@pytest.fixture(scope="module")
def bare(cluster: ControlPlane, cluster_helm: Helm, cluster_kubectl: Kubectl) -> Cluster:
    """The cluster as it came."""
    return Cluster(cluster_helm, cluster_kubectl)


@pytest.fixture
def installed_chart(bare: Cluster) -> Cluster:
    """The cluster with the chart at its defaults."""
    bare.helm.install()
    return bare
