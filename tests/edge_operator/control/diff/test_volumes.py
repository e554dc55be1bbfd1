"""Volume claims that exist already: applied as they are where they cannot be what the spec says."""

from typing import Any

import pytest

from edge_operator.control.diff.observed import Observed, observe
from edge_operator.control.diff.volumes import fit
from edge_operator.desired.kinds import PVC


def volume(size: str, storage_class: str | None = None, *, owned: bool = False) -> Observed:
    spec: dict[str, Any] = {"resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    fields: dict[str, Any] = {"f:spec": {"f:storageClassName": {}}} if owned else {"f:spec": {"f:accessModes": {}}}
    managed = [{"manager": "edge-stack", "operation": "Apply", "fieldsV1": fields}]
    metadata = {"name": "v", "namespace": "ns", "uid": "u", "resourceVersion": "1", "managedFields": managed}
    return observe(PVC, {"metadata": metadata, "spec": spec})


@pytest.mark.parametrize(
    ("wanted", "there", "becomes"),
    [
        pytest.param(("10Gi", None), None, ("10Gi", None), id="none there"),
        pytest.param(("10Gi", None), volume("1Gi"), ("10Gi", None), id="grows"),
        pytest.param(("1Gi", None), volume("10Gi"), ("10Gi", None), id="never shrinks"),
        pytest.param(("1Gi", None), volume("1024Mi"), ("1Gi", None), id="same size in other words"),
        pytest.param(("1Gi", None), volume("1Gi", "default"), ("1Gi", None), id="class by default is not ours"),
        pytest.param(("1Gi", None), volume("1Gi", "fast", owned=True), ("1Gi", "fast"), id="class of ours stays"),
        pytest.param(("1Gi", "slow"), volume("1Gi", "fast", owned=True), ("1Gi", "fast"), id="class never changes"),
        pytest.param(("1Gi", "slow"), volume("1Gi", "default"), ("1Gi", "default"), id="nor one by default"),
        pytest.param(("1Gi", "slow"), volume("1Gi"), ("1Gi", "slow"), id="class where there was none"),
    ],
)
def test_fit(wanted: tuple[str, str | None], there: Observed | None, becomes: tuple[str, str | None]) -> None:
    size, storage_class = wanted
    manifest: dict[str, Any] = {"spec": {"resources": {"requests": {"storage": size}}}}
    if storage_class is not None:
        manifest["spec"]["storageClassName"] = storage_class
    spec = fit(manifest, there)["spec"]
    assert (spec["resources"]["requests"]["storage"], spec.get("storageClassName")) == becomes
