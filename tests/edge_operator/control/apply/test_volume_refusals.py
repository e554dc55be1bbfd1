"""What a site says of a volume that its class does not let grow."""

import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.volume_refusals import volume_refusal
from edge_operator.control.diff.desired_object import desired_object
from edge_operator.control.diff.observed import Observed
from edge_operator.status.facts import Problem
from tests.edge_operator.control.diff.test_volumes import volume

RIGID = ApiError(
    403,
    "Forbidden",
    'persistentvolumeclaims "plant-storage-data" is forbidden: only dynamically provisioned pvc can be resized and the'
    " storageclass that provisions the pvc must support resize",
)
QUOTA = ApiError(403, "Forbidden", "exceeded quota: disk, requested: requests.storage=10Gi")


def claim(name: str, kind: str = "PersistentVolumeClaim") -> dict[str, object]:
    spec = {"resources": {"requests": {"storage": "20Gi"}}}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "ns"}, "spec": spec}


@pytest.mark.parametrize(
    ("name", "seen", "message"),
    [
        pytest.param(
            "plant-storage-data",
            volume("10Gi", "local-path"),
            (
                "PersistentVolumeClaim ns/plant-storage-data keeps 10Gi instead of 20Gi: its StorageClass local-path"
                " cannot expand volumes: set spec.storage.size back to 10Gi, or set allowVolumeExpansion in the class"
                " if its driver can expand volumes"
            ),
            id="of the store",
        ),
        pytest.param(
            "plant-mqtt-log",
            volume("1Gi"),
            (
                "PersistentVolumeClaim ns/plant-mqtt-log keeps 1Gi instead of 20Gi: without a StorageClass its volume"
                " cannot be expanded: set spec.broker.managed.storage.log back to 1Gi, or set allowVolumeExpansion in"
                " the class if its driver can expand volumes"
            ),
            id="of the broker, without a class",
        ),
    ],
)
def test_class_and_way_out(name: str, seen: Observed, message: str) -> None:
    assert volume_refusal(desired_object(claim(name)), seen, RIGID) == Problem("VolumeNotExpandable", message)


@pytest.mark.parametrize(
    ("kind", "seen", "error"),
    [
        pytest.param("PersistentVolumeClaim", volume("10Gi"), QUOTA, id="quota"),
        pytest.param("PersistentVolumeClaim", None, RIGID, id="not observed"),
        pytest.param("ConfigMap", volume("10Gi"), RIGID, id="another kind"),
    ],
)
def test_other_refusals_are_quoted(kind: str, seen: Observed | None, error: ApiError) -> None:
    assert volume_refusal(desired_object(claim("plant-storage-data", kind)), seen, error) is None
