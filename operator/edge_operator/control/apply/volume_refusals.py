"""The problem of a volume claim that the API server does not let grow: which class, and what to do."""

from edge_operator.cluster.errors import ApiError
from edge_operator.control.diff.desired_object import DesiredObject
from edge_operator.control.diff.observed import Observed
from edge_operator.control.diff.volumes import Claim, requested_size
from edge_operator.desired.kinds import PVC
from edge_operator.desired.volume_claim import size_field
from edge_operator.status import reasons
from edge_operator.status.facts import Problem

RIGID_CLASS = "must support resize"
"""Words of the API server about a class without `allowVolumeExpansion` (plugin PersistentVolumeClaimResize)."""


def volume_refusal(desired: DesiredObject, seen: Observed | None, error: ApiError) -> Problem | None:
    """Return the problem of a claim that cannot grow because of its class; None for other objects and errors."""
    if desired.key.kind is not PVC or seen is None or RIGID_CLASS not in error.message:
        return None
    claim = Claim.of(seen)
    cause = f"its StorageClass {claim.storage_class} cannot expand volumes"
    if not claim.storage_class:
        cause = "without a StorageClass its volume cannot be expanded"
    return Problem(
        reasons.VOLUME_NOT_EXPANDABLE,
        f"{desired.key} keeps {claim.requested} instead of {requested_size(desired.manifest)}: {cause}:"
        f" set {size_field(desired.key.name)} back to {claim.requested}, or set allowVolumeExpansion in the"
        " class if its driver can expand volumes",
    )
