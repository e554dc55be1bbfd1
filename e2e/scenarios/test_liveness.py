"""kubectl get edgedevices tells the truth: devices come, one is killed, one falls silent, the broker restarts."""

import json

from e2e.cluster import wait
from e2e.kubernetes import Kubernetes
from e2e.story import Story

DEVICES = ("boiler-1", "pump-1", "cold-room-1", "tank-1", "greenhouse-1")
SECONDS = 60.0


def phases(cluster: Kubernetes, namespace: str) -> dict[str, tuple[str, str]]:
    """Return phase and reason of each device."""
    found = {}
    for device in cluster.items("edgedevices", "-n", namespace):
        status = device.get("status") or {}
        reason = (status.get("connectivity") or {}).get("reason", "")
        found[device["metadata"]["name"]] = status.get("phase", ""), reason
    return found


def await_phases(cluster: Kubernetes, namespace: str, expected: dict[str, str]) -> dict[str, tuple[str, str]]:
    def reached() -> bool:
        return {name: phase for name, (phase, _) in phases(cluster, namespace).items()} == expected

    assert wait.until(reached, seconds=SECONDS), phases(cluster, namespace)
    return phases(cluster, namespace)


def test_devices_come_online(installed: Story, cluster: Kubernetes, namespace: str, plant: str) -> None:
    await_phases(cluster, namespace, dict.fromkeys(DEVICES, "Unknown"))
    installed.apply(namespace, "simulated-devices.yaml")
    await_phases(cluster, namespace, dict.fromkeys(DEVICES, "Online"))

    def counted() -> bool:
        told = cluster.get("edgesite", "-n", namespace, plant)["status"].get("devices") or {}
        return (told.get("total"), told.get("online")) == (5, 5)

    assert wait.until(counted, seconds=45), "the site counts them"


def test_killed_device_is_offline_by_its_will(cluster: Kubernetes, namespace: str) -> None:
    cluster.kubectl("scale", "-n", namespace, "deployment/simulated-pump-1", "--replicas=0")
    after = await_phases(cluster, namespace, dict.fromkeys(DEVICES, "Online") | {"pump-1": "Offline"})
    assert after["pump-1"][1] in ("LastWill", "Disconnected")


def test_silent_device_is_offline_when_its_time_is_over(cluster: Kubernetes, namespace: str) -> None:
    spec = {"spec": {"heartbeatInterval": "1s", "offlineAfter": "5s", "presence": "Intermittent"}}
    cluster.kubectl("patch", "-n", namespace, "edgedevice", "cold-room-1", "--type=merge", "-p", json.dumps(spec))
    cluster.kubectl("scale", "-n", namespace, "deployment/simulated-cold-room-1", "--replicas=0")
    offline = dict.fromkeys(("pump-1", "cold-room-1"), "Offline")
    after = await_phases(cluster, namespace, dict.fromkeys(DEVICES, "Online") | offline)
    assert after["cold-room-1"][1] == "HeartbeatExpired"


def test_restart_of_the_broker_makes_nobody_offline(cluster: Kubernetes, namespace: str, plant: str) -> None:
    selector = f"edge-stack.io/site={plant},app.kubernetes.io/component=mqtt"
    seen: set[str] = set()

    def back() -> bool:
        seen.add(phases(cluster, namespace)["boiler-1"][0])
        status = cluster.get("edgesite", "-n", namespace, plant)["status"]
        connected = [each["status"] for each in status["conditions"] if each["type"] == "BrokerConnected"]
        return (
            status["phase"] == "Ready"
            and connected == ["True"]
            and phases(cluster, namespace)["boiler-1"][0] == "Online"
        )

    cluster.kubectl("delete", "pods", "-n", namespace, "-l", selector, "--wait=true", "--timeout=60s")
    assert wait.until(back, seconds=SECONDS)
    assert "Offline" not in seen


def test_revoked_device_is_cut_off(cluster: Kubernetes, namespace: str) -> None:
    cluster.kubectl(
        "patch", "-n", namespace, "edgedevice", "boiler-1", "--type=merge", "-p", '{"spec": {"disabled": true}}'
    )
    others = dict.fromkeys(DEVICES, "Online") | dict.fromkeys(("pump-1", "cold-room-1"), "Offline")
    await_phases(cluster, namespace, others | {"boiler-1": "Disabled"})

    def refused() -> bool:
        log = cluster.kubectl("logs", "-n", namespace, "deployment/simulated-boiler-1", "--tail=20")
        return "not authori" in log.lower() or "refused" in log.lower()

    assert wait.until(refused, seconds=30), "the broker lets it in no more"
