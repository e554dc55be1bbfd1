"""`cloud/sensors/{id}` has every stored reading at least once, however often processor and store end."""

from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.cluster.node.node import Node
from e2e.disturbance import Component
from e2e.fleet import Fleet
from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story
from e2e.subscription import Login, subscribed

COMPONENTS = ("processor", "storage")
DEVICES, RATE = 10, 20.0
ROUNDS = 10
SETTLE_SECONDS = 90.0
SCENARIO_SECONDS = 3600
CLIENT = "warehouse"
TOPIC = "cloud/sensors/+"
SITE = f"""
apiVersion: edge-stack.io/v1alpha1
kind: EdgeSite
metadata:
  name: processed
spec:
  broker:
    managed:
      clients:
        - name: {CLIENT}
          subscribe: ["{TOPIC}"]
"""


@pytest.fixture(scope="module")
def site(installed: Story, namespace: str) -> str:
    installed.cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=SITE)
    installed.await_ready(namespace, "processed")
    return "processed"


@pytest.fixture(scope="module")
def fleet(installed: Story, namespace: str, site: str) -> Fleet:
    fleet = Fleet(installed.cluster, namespace, site, DEVICES, RATE)
    fleet.register()
    installed.await_ready(namespace, site)
    return fleet


def login(cluster: Kubernetes, namespace: str, site: str) -> Login:
    given = cluster.secret(namespace, f"{site}-client-{CLIENT}")
    address = cluster.get("service", "-n", namespace, f"{site}-mqtt")["spec"]["clusterIP"]
    return Login(address, int(given["port"]), given["username"], given["password"])


@pytest.mark.timeout(SCENARIO_SECONDS)
def test_every_stored_reading_is_published(
    installed: Story, node: Node, cluster: Kubernetes, namespace: str, site: str, fleet: Fleet, tmp_path: Path
) -> None:
    log = tmp_path / "fleet.log"
    disturbances: dict[str, object] = {}
    with subscribed(login(cluster, namespace, site), TOPIC) as subscription:
        with fleet.sending(log):
            for turn in range(1, ROUNDS + 1):
                for name in COMPONENTS:
                    for what, disturb in Component(cluster, node, namespace, site, name).disturbances.items():
                        before = subscription.received.total()
                        disturb()
                        assert wait.until(lambda: subscription.received.total() > before, seconds=SETTLE_SECONDS), what  # noqa: B023
                        disturbances[what] = turn
                installed.steps.say(f"round {turn} of {ROUNDS}: {subscription.received.total()} readings have arrived")
        acknowledged = fleet.acknowledged(log)
        with gateway(cluster, namespace, site) as door:
            assert wait.until(lambda: acknowledged <= set(fleet.stored(door)), seconds=SETTLE_SECONDS, every=5)
            stored = set(fleet.stored(door))
        wait.until(lambda: stored <= subscription.received.keys(), seconds=SETTLE_SECONDS, every=1)
        received = dict(subscription.received)
    repeats = sum(received.values()) - len(received)
    installed.steps.say(
        f"{len(acknowledged)} acknowledged, {len(stored)} stored, {len(received)} published, {repeats} repeats"
    )
    assert len(disturbances) == len(COMPONENTS) * 3
    assert stored - received.keys() == set()
