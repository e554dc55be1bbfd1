"""Volume claims that exist already: applied as they are where they cannot be what the spec says."""

from typing import Any

import pytest

from edge_operator.control.diff.observed import Observed, observe
from edge_operator.control.diff.volumes import Claim, fit
from edge_operator.desired.kinds import PVC


def volume(
    size: str,
    storage_class: str | None = None,
    *,
    owned: bool = False,
    capacity: str | None = "",
    conditions: list[dict[str, str]] | None = None,
    name: str = "v",
) -> Observed:
    """Return a claim; its capacity is its size unless it is given, and None is a claim that is not bound."""
    spec: dict[str, Any] = {"resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    fields: dict[str, Any] = {"f:spec": {"f:storageClassName": {}}} if owned else {"f:spec": {"f:accessModes": {}}}
    managed = [{"manager": "edge-stack", "operation": "Apply", "fieldsV1": fields}]
    metadata = {"name": name, "namespace": "ns", "uid": "u", "resourceVersion": "1", "managedFields": managed}
    status: dict[str, Any] = {"phase": "Bound", "capacity": {"storage": capacity or size}}
    if capacity is None:
        status = {"phase": "Pending"}
    return observe(PVC, {"metadata": metadata, "spec": spec, "status": status | {"conditions": conditions or []}})


@pytest.mark.parametrize(
    ("wanted", "there", "becomes"),
    [
        pytest.param(("10Gi", None), None, ("10Gi", None), id="none there"),
        pytest.param(("10Gi", None), volume("1Gi"), ("10Gi", None), id="grows"),
        pytest.param(("1Gi", None), volume("10Gi"), ("10Gi", None), id="never shrinks"),
        pytest.param(("1Gi", None), volume("1024Mi"), ("1Gi", None), id="same size in other words"),
        pytest.param(("20Gi", None), volume("10Gi", capacity=None), ("10Gi", None), id="waits until it is bound"),
        pytest.param(("5Gi", None), volume("10Gi", capacity=None), ("10Gi", None), id="not bound, and less is wanted"),
        pytest.param(("10Gi", None), volume("10Gi", capacity=None), ("10Gi", None), id="not bound"),
        pytest.param(("15Gi", None), volume("20Gi", capacity="10Gi"), ("15Gi", None), id="taken back in part"),
        pytest.param(("10Gi", None), volume("20Gi", capacity="10Gi"), ("20Gi", None), id="not below the volume"),
        pytest.param(("5Gi", None), volume("20Gi", capacity="10Gi"), ("20Gi", None), id="nor further"),
        pytest.param(("15Gi", None), volume("10Gi", capacity="100Gi"), ("15Gi", None), id="a volume that is larger"),
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


def test_claim_without_a_size_gets_one() -> None:
    bare = observe(PVC, {"metadata": {"name": "v", "namespace": "ns", "uid": "u", "resourceVersion": "1"}, "spec": {}})
    manifest = {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    assert fit(manifest, bare) == manifest
    assert Claim.of(bare) == Claim("", "", "", "", "")
    assert Claim.of(bare).capacity_bytes is None


FAILED = [{"type": "ControllerResizeError", "status": "True", "message": "no space"}]
OVER = [{"type": "NodeResizeError", "status": "False", "message": "no space"}]


@pytest.mark.parametrize(
    ("there", "larger", "smaller", "error"),
    [
        pytest.param(volume("10Gi"), False, False, "", id="as in the spec"),
        pytest.param(volume("20Gi"), True, False, "", id="larger"),
        pytest.param(volume("20Gi", capacity="10Gi"), False, False, "", id="larger, but not granted"),
        pytest.param(volume("10Gi", capacity="11Gi"), False, False, "", id="rounded up"),
        pytest.param(volume("20Gi", capacity=None), False, False, "", id="not bound"),
        pytest.param(volume("10Gi", capacity="9Gi"), False, True, "", id="smaller"),
        pytest.param(volume("10Gi", capacity="9Gi", conditions=FAILED), False, True, "no space", id="cannot grow"),
        pytest.param(volume("10Gi", capacity="9Gi", conditions=OVER), False, True, "", id="could not grow at first"),
    ],
)
def test_claim_beside_a_spec_of_10_gibibytes(there: Observed, error: str, *, larger: bool, smaller: bool) -> None:
    claim = Claim.of(there)
    assert (claim.is_larger_than("10Gi"), claim.is_smaller_than("10Gi"), claim.resize_error) == (larger, smaller, error)
