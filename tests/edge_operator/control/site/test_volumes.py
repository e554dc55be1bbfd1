"""The volumes of a site that do not have the size in its spec: what is said, and what the store may fill."""

import pytest

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed
from edge_operator.control.diff.volumes import Claim
from edge_operator.control.site.volumes import Claims, failed_expansions, kept_sizes
from edge_operator.desired.kinds import PVC
from edge_operator.status.facts import Notice, Problem
from tests.edge_operator.control.diff.test_volumes import FAILED, volume

KEY = ObjectKey(PVC, "ns", "plant-storage-data")


def claims(seen: Observed, size: str = "10Gi") -> Claims:
    return {KEY: (size, Claim.of(seen))}


def test_volume_that_is_larger_is_a_notice() -> None:
    (notice,) = kept_sizes(claims(volume("20Gi")))
    assert notice == Notice(
        "VolumeNotShrunk",
        "PersistentVolumeClaim ns/plant-storage-data keeps 20Gi, although spec.storage.size is 10Gi: a volume cannot"
        " shrink; set the field to 20Gi",
    )


def test_volume_that_could_not_be_expanded_is_a_problem() -> None:
    seen = volume("20Gi", "fast", capacity="10Gi", conditions=FAILED)
    (problem,) = failed_expansions(claims(seen, "20Gi"))
    assert problem == Problem(
        "VolumeNotExpandable",
        "PersistentVolumeClaim ns/plant-storage-data has 10Gi instead of 20Gi: its StorageClass fast could not expand"
        " the volume: no space: set spec.storage.size back to 10Gi, or provide the space",
        lasting=False,
    )


@pytest.mark.parametrize(
    ("seen", "size"),
    [
        pytest.param(volume("10Gi"), "10Gi", id="as in the spec"),
        pytest.param(volume("20Gi", capacity="10Gi", conditions=FAILED), "10Gi", id="set back"),
        pytest.param(volume("20Gi", capacity="10Gi"), "20Gi", id="grows"),
        pytest.param(volume("10Gi", capacity=None), "20Gi", id="not bound"),
    ],
)
def test_nothing_is_said_of_others(seen: Observed, size: str) -> None:
    assert kept_sizes(claims(seen, size)) == ()
    assert failed_expansions(claims(seen, size)) == ()
