"""Sites run on after an uninstall; a site that is deleted, and applied again after a reinstall, has its data."""

from e2e.cluster import wait
from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story
from e2e.tools.helm import NAMESPACE, RELEASE, Helm


def test_site_goes_on_without_the_operator_and_takes_up_its_data(
    installed: Story, cluster: Kubernetes, namespace: str, plant: str
) -> None:
    installed.apply(namespace, "simulated-devices.yaml")
    with gateway(cluster, namespace, plant) as door:
        newest = installed.await_readings(door, "boiler-1")["offset"]
        Helm(cluster.home, cluster.kubeconfig)("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait")
        installed.steps.say("helm uninstall: the operator is gone")
        installed.await_newer(door, "boiler-1", newest)
        kept = door.readings("boiler-1")
    password = cluster.secret(namespace, "boiler-1-device-credentials")["password"]

    cluster.kubectl("delete", "-n", namespace, "edgesite", plant)
    gone = f"edge-stack.io/site={plant}"
    wait.until(lambda: not cluster.items("deployments,pods", "-n", namespace, "-l", gone), seconds=120)
    assert not cluster.items("deployments", "-n", namespace, "-l", gone), "everything but the data is freed"
    installed.install()
    installed.apply(namespace, "first-site.yaml")
    installed.await_ready(namespace, plant)
    assert cluster.secret(namespace, "boiler-1-device-credentials")["password"] == password
    with gateway(cluster, namespace, plant) as door:
        installed.await_newer(door, "boiler-1", kept[0]["offset"])
        after = {reading["offset"]: reading for reading in door.readings("boiler-1", 1000)}
    for reading in kept:
        assert after[reading["offset"]] == reading
