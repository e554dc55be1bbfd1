"""kubectl get edgedevices is right: devices connect, one is killed, one stops sending; other parts restart."""

import json
import time

import pytest

from e2e.cluster import wait
from e2e.device_watch import nobody_offline
from e2e.kubernetes import Kubernetes
from e2e.live_table import LiveTable
from e2e.lives import CONTINUE, STOP, Lives
from e2e.story import Story
from e2e.tools.helm import NAMESPACE

DEVICES = ("boiler-1", "pump-1", "cold-room-1", "tank-1", "greenhouse-1")
KILLED, SILENT, REVOKED = "pump-1", "cold-room-1", "boiler-1"
QUICK = {"spec": {"heartbeatInterval": "2s", "offlineAfter": "6s"}}
PATIENT = {"spec": {"heartbeatInterval": "2s", "offlineAfter": "40s"}}
"""Longer than the restart of a broker and the pause before its devices connect again."""

MASS_GRACE = 30.0
SETTLE_SECONDS = 15.0
EXPIRED_SECONDS = 55.0
"""Seconds after which an operator without messages would report the device with the shortest timeout Offline."""


@pytest.fixture(scope="module")
def lives(installed: Story, namespace: str, plant: str) -> Lives:
    return Lives(installed.cluster, namespace, LiveTable(installed.steps))


def test_devices_come_online(installed: Story, cluster: Kubernetes, namespace: str, plant: str, lives: Lives) -> None:
    lives.await_all(dict.fromkeys(DEVICES, "Unknown NotYetSeen"))
    installed.apply(namespace, "simulated-devices.yaml")
    lives.await_all(dict.fromkeys(DEVICES, "Online"))

    def counted() -> bool:
        told = cluster.get("edgesite", "-n", namespace, plant)["status"].get("devices") or {}
        return (told.get("total"), told.get("online")) == (5, 5)

    assert wait.until(counted, seconds=45), "the site counts them"


def test_killed_device_is_offline_by_its_will(installed: Story, lives: Lives) -> None:
    lives.kill(KILLED)
    killed = time.monotonic()
    lives.await_all({KILLED: "Offline LastWill"})
    installed.steps.say(f"reported {time.monotonic() - killed:.1f} s after it was killed")
    lives.await_all(dict.fromkeys(DEVICES, "Online"))


def test_silent_device_is_offline_when_its_time_is_over(cluster: Kubernetes, namespace: str, lives: Lives) -> None:
    cluster.kubectl("patch", "-n", namespace, "edgedevice", SILENT, "--type=merge", "-p", json.dumps(QUICK))
    lives.signal(SILENT, STOP)
    lives.await_all({SILENT: "Offline HeartbeatExpired"})
    lives.signal(SILENT, CONTINUE)
    lives.await_all(dict.fromkeys(DEVICES, "Online"))
    cluster.kubectl("patch", "-n", namespace, "edgedevice", SILENT, "--type=merge", "-p", json.dumps(PATIENT))


@pytest.mark.parametrize(("component", "grace"), [("mqtt", 0.0), ("gateway", MASS_GRACE), ("processor", 0.0)])
def test_rollout_makes_nobody_offline(
    component: str, grace: float, installed: Story, cluster: Kubernetes, namespace: str, plant: str, lives: Lives
) -> None:
    with nobody_offline(cluster, namespace):
        cluster.kubectl("rollout", "restart", "-n", namespace, f"deployment/{plant}-{component}")
        cluster.kubectl("rollout", "status", "-n", namespace, f"deployment/{plant}-{component}", "--timeout=100s")
        installed.await_ready(namespace, plant)
        lives.await_all(dict.fromkeys(DEVICES, "Online"))
        time.sleep(grace + SETTLE_SECONDS)
    lives.await_all(dict.fromkeys(DEVICES, "Online"))


def test_killed_operators_make_nobody_offline(
    installed: Story, cluster: Kubernetes, namespace: str, lives: Lives
) -> None:
    with nobody_offline(cluster, namespace):
        cluster.kubectl("delete", "pods", "-n", NAMESPACE, "--all", "--grace-period=0", "--force")
        cluster.kubectl("rollout", "status", "-n", NAMESPACE, "deployment", "--timeout=100s")
        installed.steps.say("the operators were killed, and others are there")
        time.sleep(EXPIRED_SECONDS)
    lives.await_all(dict.fromkeys(DEVICES, "Online"))
    lives.kill(KILLED)
    lives.await_all({KILLED: "Offline LastWill"})
    lives.await_all({KILLED: "Online"})


def test_revoked_device_is_cut_off(cluster: Kubernetes, namespace: str, lives: Lives) -> None:
    cluster.kubectl(
        "patch", "-n", namespace, "edgedevice", REVOKED, "--type=merge", "-p", '{"spec": {"disabled": true}}'
    )

    def refused() -> bool:
        log = cluster.kubectl("logs", "-n", namespace, f"deployment/simulated-{REVOKED}", "--tail=20")
        return "not authori" in log.lower() or "refused" in log.lower()

    assert wait.until(refused, seconds=30), "the broker lets it in no more"
    lives.await_all(dict.fromkeys(DEVICES, "Online") | {REVOKED: "Disabled"})
