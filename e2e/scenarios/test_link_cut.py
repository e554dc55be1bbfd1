"""The link to the cloud is cut: the site goes on, its pods are restarted meanwhile, and no reading is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cloud import CloudReceiver, Uplink
from e2e.cluster.node.node import Node
from e2e.cluster.teardown import end_daemons
from e2e.demo_link import LinkStory
from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story

DEVICES = ("boiler-1", "pump-1", "cold-room-1", "tank-1", "greenhouse-1")
RESTARTED = ("storage", "processor")


@pytest.fixture
def cloud(node: Node, tmp_path: Path) -> Iterator[CloudReceiver]:
    """A cloud outside the cluster, which pods reach by the node's link."""
    made = CloudReceiver(tmp_path / "cloud", str(node.network.host))
    made.start()
    yield made
    end_daemons(made.directory, "cloud receiver", print)


def test_g6_a_cut_link_and_restarted_pods_lose_nothing(
    installed: Story, node: Node, cluster: Kubernetes, namespace: str, plant: str, cloud: CloudReceiver
) -> None:
    installed.apply(namespace, "simulated-devices.yaml")
    with gateway(cluster, namespace, plant) as door:
        for device in DEVICES:
            installed.await_readings(door, device)

    def restart() -> None:
        for part in RESTARTED:
            cluster.kubectl("rollout", "restart", "-n", namespace, f"deployment/{plant}-{part}")
            cluster.kubectl("rollout", "status", "-n", namespace, f"deployment/{plant}-{part}", "--timeout=120s")

    uplink = Uplink(node.run, cloud.address, cloud.port)
    story = LinkStory(installed, namespace, plant, cloud, uplink, lambda *_: None, restart)
    story.play(DEVICES)
