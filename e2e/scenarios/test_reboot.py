"""The power of the node fails: after it the site is as it was, with its data and the logins that it gave out."""

from e2e.cluster.node.node import Node
from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story


def test_site_survives_a_power_cut(
    installed: Story, node: Node, cluster: Kubernetes, namespace: str, plant: str
) -> None:
    installed.apply(namespace, "simulated-devices.yaml")
    with gateway(cluster, namespace, plant) as door:
        installed.await_readings(door, "boiler-1")
        before = door.readings("boiler-1")
    secret = cluster.secret(namespace, "boiler-1-device-credentials")
    node.reboot(installed.steps.say)
    installed.await_ready(namespace, plant)
    assert cluster.secret(namespace, "boiler-1-device-credentials") == secret
    with gateway(cluster, namespace, plant) as door:
        newest = before[0]["offset"]
        installed.await_newer(door, "boiler-1", newest)
        after = {reading["offset"]: reading for reading in door.readings("boiler-1", 1000)}
    for reading in before:
        assert after[reading["offset"]] == reading
