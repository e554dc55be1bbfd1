"""Problems of objects of others under a child's name: their owners, and what to do. Pure."""

from edge_operator.control.cache.child_cache import DEVICE
from edge_operator.control.diff.action import OwnerRef
from edge_operator.control.diff.observed import MANAGED_BY, Observed
from edge_operator.desired.kinds import PVC
from edge_operator.desired.metadata import PART_OF, SITE_LABEL
from edge_operator.status import reasons
from edge_operator.status.facts import Problem


def not_ours(seen: Observed, owner_ref: OwnerRef) -> Problem:
    """Return the problem of an object of somebody else under the name of a child of a site or a device.

    Deleting it is advised only if it belongs to nobody, and never if it may have data.
    """
    is_device = owner_ref.kind == DEVICE
    reason = reasons.SECRET_NOT_OURS if is_device else reasons.NOT_OURS
    rename = "set another credentials.secretName" if is_device else "create the site under another name"
    # A site's own label on an object that has no controller is somebody's copy.
    is_copy = not is_device and seen.owner is None and seen.site == owner_ref.name
    if seen.holder and not is_copy:
        return Problem(reason, f"{seen.key} belongs to {seen.holder}: the operator does not change it: {rename}")
    if seen.key.kind is PVC:
        label = f"{SITE_LABEL}={owner_ref.name},{MANAGED_BY}={PART_OF}"
        steps = f"if it has the data of this site, label it {label}; else {rename}"
    else:
        steps = f"{rename}, or delete the {seen.key.kind.kind} if nobody needs it"
    return Problem(reason, f"{seen.key} exists and has no owner: the operator does not change it: {steps}")


def root_not_ours(seen: Observed, site_name: str) -> Problem:
    """Return the problem of a Secret of somebody else under the name of a site's root Secret."""
    if seen.holder:
        steps = "create the site under another name"
        return Problem(
            reasons.NOT_OURS, f"{seen.key} belongs to {seen.holder}: the operator does not change it: {steps}"
        )
    label = f"{SITE_LABEL}={site_name},{MANAGED_BY}={PART_OF}"
    return Problem(
        reasons.NOT_OURS,
        f"{seen.key} exists and has no owner: the operator does not change it: if it is this site's root Secret from a"
        f" backup, label it {label}; else create the site under another name, or delete the Secret if nobody needs it",
    )
