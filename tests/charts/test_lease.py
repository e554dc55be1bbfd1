"""What an installation leaves behind, and the Lease that nobody takes away; for real."""

import json

import pytest

from e2e.tools.helm import CHART, NAMESPACE, RELEASE
from tests.charts.installed import HELD, KINDS, SITE, Cluster, hold

pytestmark = pytest.mark.process


@pytest.fixture
def first_revision(bare: Cluster) -> Cluster:
    """The cluster with a release whose first revision has just made the Lease."""
    bare.uninstall()
    bare.kubectl("delete", "lease", "edge-operator", "-n", NAMESPACE, "--ignore-not-found")
    bare.helm.install()
    return bare


UPGRADES = {
    "apply": ("--server-side=true",),
    "apply by force": ("--server-side=true", "--force-conflicts"),
    "merge": ("--server-side=false",),
    "replace": ("--server-side=false", "--force-replace"),
}


@pytest.mark.parametrize("how", UPGRADES.values(), ids=UPGRADES)
def test_a_held_lease_stays_held(first_revision: Cluster, how: tuple[str, ...]) -> None:
    hold(first_revision)
    uid = first_revision.get("lease", "edge-operator", "-n", NAMESPACE)["metadata"]["uid"]
    for settings in ("logLevel=DEBUG", "logLevel=INFO"):
        first_revision.helm("upgrade", RELEASE, str(CHART), "-n", NAMESPACE, "--set", settings, *how)
        assert first_revision.lease() == HELD
    first_revision.helm("rollback", RELEASE, "1", "-n", NAMESPACE, *how)
    assert first_revision.lease() == HELD
    assert first_revision.get("lease", "edge-operator", "-n", NAMESPACE)["metadata"]["uid"] == uid


def test_uninstall_keeps_resources_and_reinstall_takes_them_up(installed_chart: Cluster) -> None:
    cluster = installed_chart
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(SITE))
    hold(cluster)
    before = cluster.get("edgesite", "north", "-n", "default")
    cluster.uninstall()
    gone = cluster.get("clusterroles,clusterrolebindings", "-l", "app.kubernetes.io/part-of=edge-stack")["items"]
    assert gone == []
    left = cluster.get(KINDS, "-n", NAMESPACE, "-l", "app.kubernetes.io/name=edge-operator")["items"]
    assert left == []
    assert cluster.get("edgesite", "north", "-n", "default") == before
    # Whoever still ran when it went may rely on his lease for some seconds.
    assert cluster.lease() == HELD

    cluster.helm("install", RELEASE, str(CHART), "-n", NAMESPACE)
    assert cluster.get("edgesite", "north", "-n", "default") == before
    assert cluster.lease() == HELD
    cluster.kubectl("delete", "edgesite", "north", "-n", "default")


def test_reinstall_under_another_release_name(installed_chart: Cluster) -> None:
    installed_chart.uninstall()
    try:
        installed_chart.helm("install", "other", str(CHART), "-n", NAMESPACE)
        deployment = installed_chart.get("deployment", "edge-operator", "-n", NAMESPACE)
        assert deployment["spec"]["selector"]["matchLabels"]["app.kubernetes.io/instance"] == "other"
    finally:
        installed_chart.helm("uninstall", "other", "-n", NAMESPACE, "--ignore-not-found")
