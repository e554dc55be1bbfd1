"""Install, apply, Ready; readings converted and stored, an alert, a command answered; all from outside the cluster."""

from e2e.gateway import gateway
from e2e.kubernetes import Kubernetes
from e2e.story import Story

MEASURED = {
    "boiler-1": ("temperature", "celsius"),
    "pump-1": ("pressure", "pascal"),
    "cold-room-1": ("humidity", "percent"),
    "tank-1": ("pressure", "pascal"),
    "greenhouse-1": ("humidity", "percent"),
}


def test_first_site(installed: Story, cluster: Kubernetes, namespace: str, plant: str) -> None:
    installed.apply(namespace, "simulated-devices.yaml")
    with gateway(cluster, namespace, plant) as door:
        for device, (sensor, unit) in MEASURED.items():
            reading = installed.await_readings(door, device)
            assert (reading["sensor_type"], reading["unit"]) == (sensor, unit)
            assert reading["metadata"]["processor"] == "edge-processor"
            assert "processed_at" in reading["metadata"]
        alert = installed.await_alert(door, "boiler-1")
        assert (alert["rule"], alert["threshold"], alert["state"]) == ("temperature-high", 80, "firing")
        assert installed.command(door, "boiler-1", "ping")["result"] == "pong"
        listed = {device["id"]: device["status"] for device in door("GET", "/devices")["devices"]}
        assert listed == dict.fromkeys(MEASURED, "online")


def test_pods_never_restarted(cluster: Kubernetes, namespace: str, plant: str) -> None:
    pods = cluster.items("pods", "-n", namespace)
    restarts = {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods}
    assert set(restarts.values()) == {0}, restarts
