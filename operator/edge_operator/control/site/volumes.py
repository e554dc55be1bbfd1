"""The volumes of a site that do not have the size in its spec."""

from collections.abc import Iterator, Mapping

from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.volumes import Claim, requested_size
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.kinds import PVC
from edge_operator.desired.volume_claim import mqtt_data, mqtt_log, size_field, storage_data
from edge_operator.status import reasons
from edge_operator.status.facts import Notice, Problem

Claims = Mapping[ObjectKey, tuple[str, Claim]]
"""The claims of a site that exist, each with its size in the spec."""


def site_claims(described: SiteInput, children: ChildCache) -> Claims:
    """Return the claims of a site that exist, as last observed."""
    found = {}
    for manifest in _manifests(described):
        key = ObjectKey(PVC, described.namespace, manifest["metadata"]["name"])
        if (seen := children.get(key)) is not None:
            found[key] = requested_size(manifest), Claim.of(seen)
    return found


def failed_expansions(claims: Claims) -> tuple[Problem, ...]:
    """Return the problems of volumes that the driver could not make larger."""
    return tuple(
        Problem(
            reasons.VOLUME_NOT_EXPANDABLE,
            f"{key} has {claim.capacity} instead of {size}: its StorageClass {claim.storage_class} could not expand the"
            f" volume: {claim.resize_error}: set {size_field(key.name)} back to {claim.capacity}, or provide the space",
            lasting=False,
        )
        for key, (size, claim) in claims.items()
        if claim.resize_error and claim.is_smaller_than(size)
    )


def kept_sizes(claims: Claims) -> tuple[Notice, ...]:
    """Return the notices about volumes that are larger than the spec says."""
    return tuple(
        Notice(
            reasons.VOLUME_NOT_SHRUNK,
            f"{key} keeps {claim.requested}, although {size_field(key.name)} is {size}: a volume cannot shrink; set the"
            f" field to {claim.requested}",
        )
        for key, (size, claim) in claims.items()
        if claim.is_larger_than(size)
    )


def _manifests(described: SiteInput) -> Iterator[Manifest]:
    for manifest in (storage_data(described), mqtt_data(described), mqtt_log(described)):
        if manifest is not None:
            yield manifest
