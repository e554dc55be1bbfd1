"""A real kubelet and a real scheduler cannot run a pod: the site gives the reason, names and words of Kubernetes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.cluster import wait
from e2e.kubernetes import Kubernetes
from e2e.story import Story
from edge_operator.api.conditions import find_condition

NAMESPACE, SITE = "not-running", "plant"
SECONDS = 120.0
SMALL: dict[str, Any] = {"gateway": {"replicas": 1}, "processor": {"replicas": 1}}


class Plant:
    """The site of these tests.

    Args:
        cluster: the node.
    """

    def __init__(self, cluster: Kubernetes) -> None:
        self.cluster = cluster

    def apply(self, spec: dict[str, Any], name: str = SITE) -> None:
        """Apply a site with a spec."""
        metadata = {"name": name, "namespace": NAMESPACE}
        body = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeSite", "metadata": metadata, "spec": spec}
        self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(body))

    def status(self, name: str = SITE) -> dict[str, Any]:
        """Return the status."""
        found: dict[str, Any] = self.cluster.get("edgesite", "-n", NAMESPACE, name).get("status") or {}
        return found

    def await_reason(self, reason: str, name: str = SITE) -> tuple[str, str]:
        """Return the message of Ready, and the phase, once Ready has the reason."""

        def reached() -> bool:
            return find_condition(self.status(name), "Ready").get("reason") == reason

        assert wait.until(reached, seconds=SECONDS), (reason, self.status(name), self.pods())
        found = self.status(name)
        return str(find_condition(found, "Ready")["message"]), str(found["phase"])

    def pods(self) -> str:
        """Return the pods as JSON, for a test that fails."""
        return self.cluster.kubectl("get", "pods", "-n", NAMESPACE, "-o", "json")


@pytest.fixture(scope="module")
def plant(story: Story) -> Iterator[Plant]:
    """A site that is Ready, with one gateway and one processor."""
    story.install()
    story.cluster.make_namespace(NAMESPACE)
    found = Plant(story.cluster)
    found.apply(SMALL)
    found.await_reason("Reconciled")
    yield found
    story.cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=true", "--timeout=110s")


@pytest.fixture
def recovers(plant: Plant) -> Iterator[Plant]:
    """The site; when its spec is as before, it is Ready again."""
    yield plant
    plant.apply(SMALL)
    message, phase = plant.await_reason("Reconciled")
    assert (message, phase) == ("all components are rolled out", "Ready")


def with_gateway(**fields: Any) -> dict[str, Any]:
    return SMALL | {"gateway": SMALL["gateway"] | fields}


def test_image_that_cannot_be_pulled(recovers: Plant) -> None:
    recovers.apply(with_gateway(image="registry.invalid/edge-gateway:9"))
    message, phase = recovers.await_reason("ImageUnavailable")
    first, rolling = message.splitlines()
    assert first.startswith("gateway: the image registry.invalid/edge-gateway:9 of pod plant-gateway-")
    assert "registry.invalid" in first.partition(" cannot be pulled: ")[2]
    assert rolling == "not rolled out yet: gateway (old 1, new 0 of 1 ready)"
    assert phase == "Degraded", "the old pod still works"
    assert find_condition(recovers.status(), "Available")["status"] == "True"


def test_too_little_cpu(recovers: Plant) -> None:
    recovers.apply(with_gateway(resources={"requests": {"cpu": "900"}}))
    message, phase = recovers.await_reason("Unschedulable")
    first = message.splitlines()[0]
    assert first.startswith("gateway: pod plant-gateway-")
    assert " cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu: " in first
    assert first.endswith("spec.gateway.resources.requests")
    assert "preemption" not in message
    assert phase == "Degraded"


def test_unknown_node_selector_of_every_component(recovers: Plant) -> None:
    recovers.apply(SMALL | {"scheduling": {"nodeSelector": {"disk": "fast"}}})
    recovers.await_reason("Unschedulable")

    def every() -> bool:
        lines = str(find_condition(recovers.status(), "Ready")["message"]).splitlines()
        return [line.partition(":")[0] for line in lines[:-1]] == ["gateway", "mqtt", "processor", "storage"]

    assert wait.until(every, seconds=SECONDS), recovers.status()
    message, phase = recovers.await_reason("Unschedulable")
    assert message.count("didn't match Pod's node affinity/selector") == 4
    assert phase == "Degraded"


def test_program_that_exits_at_once(recovers: Plant) -> None:
    """A simulated device has other settings than a gateway: it exits and says which are missing."""
    image = recovers.cluster.get("deployment", "-n", NAMESPACE, "plant-gateway")["spec"]["template"]["spec"][
        "containers"
    ][0]["image"].replace("edge-gateway", "edge-device")
    recovers.apply(with_gateway(image=image))
    message, phase = recovers.await_reason("CrashLooping")
    first = message.splitlines()[0]
    assert first.startswith(f"gateway: the container gateway ({image}) of pod plant-gateway-")
    assert " exits repeatedly, last with exit code " in first
    assert first.endswith(" -c gateway --previous")
    assert phase == "Degraded"


def test_memory_limit_that_is_too_low(recovers: Plant) -> None:
    recovers.apply(with_gateway(resources={"limits": {"memory": "24Mi"}}))
    message, phase = recovers.await_reason("OutOfMemory")
    first = message.splitlines()[0]
    assert "was killed because it exceeded its memory limit of 24Mi" in first
    assert first.endswith("raise spec.gateway.resources.limits.memory")
    assert phase == "Degraded"


def test_volume_without_its_class(plant: Plant) -> None:
    plant.apply({"storage": {"storageClassName": "missing"}, "gateway": {"replicas": 0}}, "depot")
    message, phase = plant.await_reason("VolumeNotBound", "depot")
    lines = message.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["mqtt", "storage"]
    claim = f"PersistentVolumeClaim {NAMESPACE}/depot-storage-data (10Gi, StorageClass missing) is not bound"
    assert claim in lines[1]
    assert phase == "Progressing", "it has never run"
    plant.cluster.kubectl("delete", "edgesite", "-n", NAMESPACE, "depot", "--wait=true")


def test_size_that_the_class_does_not_grant_is_taken_back(recovers: Plant) -> None:
    """The class `local-path` of k3s and kind cannot expand volumes."""

    def store() -> list[str]:
        labels = f"app.kubernetes.io/instance={SITE},app.kubernetes.io/component=storage"
        return [pod["metadata"]["uid"] for pod in recovers.cluster.items("pods", "-n", NAMESPACE, "-l", labels)]

    before = store()
    recovers.apply(SMALL | {"storage": {"size": "20Gi"}})
    message, _ = recovers.await_reason("VolumeNotExpandable")
    claim = f"PersistentVolumeClaim {NAMESPACE}/{SITE}-storage-data"
    assert message.startswith(f"{claim} keeps 10Gi instead of 20Gi: its StorageClass ")
    assert "set spec.storage.size back to 10Gi" in message
    recovers.apply(SMALL)
    recovers.await_reason("Reconciled")
    assert store() == before, "the pod of the store was not replaced"
