"""What can be wrong with a device's identity, and what to do about it."""

from dataclasses import replace

from edge_operator.status.facts import Problem

from .resource import DeviceObject


def site_not_found(device: DeviceObject) -> Problem:
    """Return the problem of a device whose site is not there; the device is kept."""
    namespace, name = device.site
    return Problem("SiteNotFound", f"there is no EdgeSite {namespace}/{name}: create it, or delete this device")


def site_not_reconciled(device: DeviceObject) -> Problem:
    """Return the problem, passing by itself, of a device whose site was not brought up yet."""
    namespace, name = device.site
    message = f"EdgeSite {namespace}/{name} is not brought up yet; its condition Ready says why"
    return Problem("SiteNotReconciled", message, lasting=False)


def duplicate(device: DeviceObject, elder: DeviceObject) -> Problem:
    """Return the problem of the younger of two devices that claim one identifier."""
    return Problem(
        "DuplicateDeviceId",
        f"the {elder}, which is older, has the deviceId {device.device_id} in the site {device.site[1]}: give this"
        " device another one, by creating it anew, or delete one of the two",
    )


def brings_password(device: DeviceObject) -> Problem:
    """Return the problem of a device with a password of the user's own, which this release does not read."""
    name = device.credentials["existingSecretRef"].get("name")
    return Problem(
        "ExistingSecretNotSupported",
        f"credentials.existingSecretRef ({name}) is not read by this release of the operator: remove it to have a"
        " password made, or wait for the release that reads it",
    )


def secret_not_ours(problem: Problem) -> Problem:
    """Return the problem of somebody else's Secret under the name of the device's."""
    return replace(
        problem,
        reason="SecretNotOurs",
        message=f"{problem.message.partition(':')[0]}: it is left alone; delete it, or set credentials.secretName",
    )
