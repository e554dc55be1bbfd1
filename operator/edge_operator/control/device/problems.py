"""Problems of a device's identity, with what to do about them."""

from edge_operator.api.conditions import find_condition
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.user_passwords import KEY, MAX_CHARACTERS, MIN_CHARACTERS, SELECTOR
from edge_operator.status import reasons
from edge_operator.status.facts import Problem


def site_not_found(device: CachedDevice) -> Problem:
    """Return the problem of a device of a site that does not exist; the device is kept."""
    namespace, name = device.site
    return Problem(
        reasons.SITE_NOT_FOUND, f"EdgeSite {namespace}/{name} does not exist: create it, or delete this device"
    )


def site_not_reconciled(site: CachedSite) -> Problem:
    """Return the temporary problem of a device of a site that is not ready yet: the first problem of the site."""
    ready = find_condition(site.status, "Ready")
    first = str(ready.get("message", "")).partition("\n")[0] if ready.get("status") == "False" else ""
    message = f"{site} is not ready yet: {first or 'see its condition Ready'}"
    return Problem(reasons.SITE_NOT_RECONCILED, message, lasting=False)


def site_paused(device: CachedDevice) -> Problem:
    """Return the temporary problem of a device of a paused site: its login must change."""
    namespace, name = device.site
    message = f"the login of this device is not changed while spec.paused of the EdgeSite {namespace}/{name} is true"
    return Problem(reasons.SITE_PAUSED, message, lasting=False)


def duplicate(device: CachedDevice, elder: CachedDevice) -> Problem:
    """Return the problem of the other one of two devices with the same identifier: `elder` has it."""
    tie = elder.creation_order[0] == device.creation_order[0]
    why = "was created in the same second and is the first by name" if tie else "is older"
    return Problem(
        reasons.DUPLICATE_DEVICE_ID,
        f"the {elder}, which {why}, has the deviceId {device.device_id} in the site {device.site[1]}: delete"
        " one of the two, or create this device again with another deviceId",
    )


def user_password_missing(device: CachedDevice, secret: ResourceKey) -> Problem:
    """Return the problem of a device: its user Secret does not exist, or has no label."""
    return Problem(
        reasons.EXISTING_SECRET_NOT_FOUND,
        f"Secret {secret[0]}/{secret[1]} with the label {SELECTOR} does not exist: create it, label it, or remove"
        f" credentials.existingSecretRef of the {device}",
    )


def user_password_unusable(secret: ResourceKey) -> Problem:
    """Return the problem of a device: its user Secret has no valid password."""
    return Problem(
        reasons.EXISTING_SECRET_INVALID,
        f"Secret {secret[0]}/{secret[1]} needs the key `{KEY}` with {MIN_CHARACTERS} to {MAX_CHARACTERS} printable"
        " characters",
    )
