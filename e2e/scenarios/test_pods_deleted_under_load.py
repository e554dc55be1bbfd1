"""Every component's pods are deleted in turn while devices send: nothing that was acknowledged is lost."""

from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.fleet import Fleet
from e2e.gateway import Gateway, gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story

COMPONENTS = ("gateway", "processor", "storage", "mqtt")
DEVICES, RATE = 20, 5.0
SETTLE_SECONDS = 60.0


@pytest.fixture(scope="module")
def fleet(installed: Story, namespace: str, plant: str) -> Fleet:
    fleet = Fleet(installed.cluster, namespace, plant, DEVICES, RATE)
    fleet.register()
    # Each new login is a new password file, with which the broker is restarted.
    installed.await_ready(namespace, plant)
    return fleet


def test_nothing_acknowledged_is_lost(
    installed: Story, cluster: Kubernetes, namespace: str, plant: str, fleet: Fleet, tmp_path: Path
) -> None:
    log = tmp_path / "fleet.log"
    with fleet.sending(log):
        for component in COMPONENTS:
            await_more(fleet, log)
            selector = f"edge-stack.io/site={plant},app.kubernetes.io/component={component}"
            cluster.kubectl("delete", "pods", "-n", namespace, "-l", selector, "--wait=false")
            installed.steps.say(f"deleted the pods of {component}")
            await_fall(cluster, namespace, plant)
            installed.await_ready(namespace, plant)
        await_more(fleet, log)
    acknowledged = fleet.acknowledged(log)
    installed.steps.say(f"{len(acknowledged)} readings were acknowledged")
    with gateway(cluster, namespace, plant) as door:
        stored = await_stored(fleet, door, acknowledged)
    assert acknowledged - set(stored) == set()
    assert len(stored) == len(set(stored)), "each is there exactly once"


def await_fall(cluster: Kubernetes, namespace: str, site: str) -> None:
    def fallen() -> bool:
        return bool(cluster.get("edgesite", "-n", namespace, site)["status"]["phase"] != "Ready")

    assert wait.until(fallen, seconds=20), "the site says that pods are gone"


def await_more(fleet: Fleet, log: Path) -> None:
    """Wait until every device has had more readings acknowledged than it has by now."""
    before = counts(fleet, log)

    def more() -> bool:
        now = counts(fleet, log)
        return all(now[device] > before[device] for device in fleet.devices)

    assert wait.until(more, seconds=60), "every device gets readings through"


def counts(fleet: Fleet, log: Path) -> dict[str, int]:
    found = dict.fromkeys(fleet.devices, 0)
    for line in log.read_text().splitlines():
        if '"acknowledged"' in line and line.endswith("}"):
            device = line.partition('"device": "')[2].partition('"')[0]
            found[device] += 1
    return found


def await_stored(fleet: Fleet, door: Gateway, acknowledged: set[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Return what is stored once all that was acknowledged is there, or after a minute."""
    stored: list[tuple[str, str, int]] = []

    def all_there() -> bool:
        stored[:] = fleet.stored(door)
        return acknowledged <= set(stored)

    wait.until(all_there, seconds=SETTLE_SECONDS)
    return stored
