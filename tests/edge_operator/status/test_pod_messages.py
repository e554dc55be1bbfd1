"""The messages about pods that do not run, word for word."""

from dataclasses import replace

import pytest

from edge_operator.status.facts import Problem
from edge_operator.status.pod_messages import ClaimFacts, pod_messages
from edge_operator.status.pods import PodProblem

IMAGE = PodProblem("ImageUnavailable", "gateway", "plant-gateway-7-a", "gateway", "i:1", "no such host")
CRASH = PodProblem("CrashLooping", "processor", "plant-processor-7-a", "processor", "p:1", "exit code 2 (Error): no")
MEMORY = PodProblem("OutOfMemory", "mqtt", "plant-mqtt-7-a", "mqtt", "m:1", "128Mi")
NO_NODE = PodProblem("Unschedulable", "storage", "plant-storage-7-a", detail="1 Insufficient cpu")
NO_VOLUME = replace(NO_NODE, detail="pod has unbound immediate PersistentVolumeClaims")
STUCK = PodProblem("PodNotStarting", "gateway", "plant-gateway-7-a", detail="it mounts Secrets that you provide: tls")
CLAIM = ClaimFacts("PersistentVolumeClaim ns/plant-storage-data", "10Gi", "fast", "Pending")

SAID: dict[str, tuple[PodProblem, str]] = {
    "image": (
        IMAGE,
        (
            "gateway: the image i:1 of pod plant-gateway-7-a cannot be pulled: no such host: check spec.gateway.image,"
            " the registry, spec.imagePullSecrets and the network of the node"
        ),
    ),
    "image of the agent": (
        replace(IMAGE, component="mqtt", container="broker-agent", detail=""),
        (
            "mqtt: the image i:1 of pod plant-gateway-7-a cannot be pulled: check the registry, spec.imagePullSecrets"
            " and the network of the node"
        ),
    ),
    "crash loop": (
        CRASH,
        (
            "processor: the container processor (p:1) of pod plant-processor-7-a exits repeatedly, last with exit code"
            " 2 (Error): no: kubectl logs plant-processor-7-a -c processor --previous"
        ),
    ),
    "memory": (
        MEMORY,
        (
            "mqtt: the container mqtt (m:1) of pod plant-mqtt-7-a was killed because it exceeded its memory limit of"
            " 128Mi: raise spec.broker.managed.resources.limits.memory"
        ),
    ),
    "memory of the agent": (
        replace(MEMORY, container="broker-agent", detail=""),
        (
            "mqtt: the container broker-agent (m:1) of pod plant-mqtt-7-a was killed because it exceeded the memory of"
            " its node: reduce the load"
        ),
    ),
    "no node": (
        NO_NODE,
        (
            "storage: pod plant-storage-7-a cannot be scheduled: 1 Insufficient cpu: add or free a node, or change"
            " spec.scheduling or spec.storage.resources.requests"
        ),
    ),
    "no word of the scheduler": (
        replace(NO_NODE, detail=""),
        (
            "storage: pod plant-storage-7-a cannot be scheduled: the scheduler has not assigned a node: add or free a"
            " node, or change spec.scheduling or spec.storage.resources.requests"
        ),
    ),
    "not started": (
        STUCK,
        (
            "gateway: no container of pod plant-gateway-7-a has started for two minutes: an image is still pulled, or a"
            " Secret or a volume is missing; it mounts Secrets that you provide: tls: kubectl describe pod"
            " plant-gateway-7-a"
        ),
    ),
    "container not created": (
        replace(STUCK, container="gateway", image="i:1", detail='CreateContainerConfigError: secret "x" not found'),
        (
            "gateway: the container gateway (i:1) of pod plant-gateway-7-a cannot be started:"
            ' CreateContainerConfigError: secret "x" not found: kubectl describe pod plant-gateway-7-a'
        ),
    ),
}


@pytest.mark.parametrize(("pod", "said"), SAID.values(), ids=SAID)
def test_message(pod: PodProblem, said: str) -> None:
    assert pod_messages([pod], {}) == (Problem(pod.reason, said, lasting=False),)


VOLUMES: dict[str, tuple[PodProblem, list[ClaimFacts], str]] = {
    "class that does not exist, or cannot": (
        NO_VOLUME,
        [CLAIM],
        (
            "storage: pod plant-storage-7-a waits for a volume (pod has unbound immediate PersistentVolumeClaims):"
            " PersistentVolumeClaim ns/plant-storage-data (10Gi, StorageClass fast) is not bound: kubectl describe"
            " persistentvolumeclaim plant-storage-data"
        ),
    ),
    "no class": (
        replace(NO_VOLUME, detail=""),
        [replace(CLAIM, storage_class="")],
        (
            "storage: pod plant-storage-7-a waits for a volume: PersistentVolumeClaim ns/plant-storage-data (10Gi, no"
            " StorageClass, and no default exists) is not bound: set spec.storage.storageClassName in a new site, or"
            " set a default StorageClass"
        ),
    ),
    "volume lost": (
        NO_VOLUME,
        [replace(CLAIM, phase="Lost")],
        (
            "storage: pod plant-storage-7-a waits for a volume (pod has unbound immediate PersistentVolumeClaims): the"
            " volume of PersistentVolumeClaim ns/plant-storage-data was deleted: kubectl describe persistentvolumeclaim"
            " plant-storage-data"
        ),
    ),
}


@pytest.mark.parametrize(("pod", "claims", "said"), VOLUMES.values(), ids=VOLUMES)
def test_volume_that_is_not_bound(pod: PodProblem, claims: list[ClaimFacts], said: str) -> None:
    assert pod_messages([pod], {"storage": claims}) == (Problem("VolumeNotBound", said, lasting=False),)


def test_claim_that_waits_for_the_pod_is_not_the_cause() -> None:
    """With WaitForFirstConsumer a claim is bound after the scheduler has found a node."""
    (problem,) = pod_messages([NO_NODE], {"storage": [CLAIM]})
    assert problem.reason == "Unschedulable"
    (problem,) = pod_messages([NO_VOLUME], {"mqtt": [CLAIM]})
    assert problem.reason == "Unschedulable"


def test_pods_with_one_cause_share_a_message() -> None:
    others = [replace(IMAGE, pod=f"plant-gateway-7-{letter}", detail=letter) for letter in "cb"]
    said = [problem.message for problem in pod_messages([*others, CRASH, IMAGE], {})]
    assert len(said) == 2
    assert said[0].startswith(
        "gateway: the image i:1 of pod plant-gateway-7-a (and 2 more) cannot be pulled: no such host: "
    )
    assert said[1].startswith("processor: ")


PRESENT = "first\ngateway: {}\nlast"
PULL = (
    "the image i:1 of pod {} cannot be pulled: {}: check spec.gateway.image, the registry, spec.imagePullSecrets and"
    " the network of the node"
)


@pytest.mark.parametrize(
    ("present", "kept"),
    [
        pytest.param(PULL.format("plant-gateway-7-a", "port 17: refused"), True, id="another number"),
        pytest.param(PULL.format("plant-gateway-7-a", "unauthorized"), False, id="other words"),
        pytest.param(PULL.format("plant-gateway-8-a", "port 17: refused"), False, id="another pod"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_message_in_the_status_stays_if_only_numbers_have_changed(present: str, *, kept: bool) -> None:
    """A restarted operator writes nothing, although the port in an error of the network is another one."""
    now = replace(IMAGE, detail="port 4711: refused")
    (problem,) = pod_messages([now], {}, PRESENT.format(present))
    assert (problem.message in PRESENT.format(present).splitlines()) is kept
    assert kept or "port 4711: refused" in problem.message


def test_pods_with_different_images_do_not() -> None:
    assert len(pod_messages([IMAGE, replace(IMAGE, image="i:2")], {})) == 2
