"""The roster entry of a device, which its gateway reads from the broker. Pure."""

from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_wire.messages import RosterEntry, RosterLiveness, parse_timestamp

from .liveness_settings import device_settings, heartbeat_seconds, site_settings


def roster_entry(device: CachedDevice, site: CachedSite) -> RosterEntry:
    """Return the data of a device for the gateway, with the site's defaults."""
    spec = device.spec
    defaults = site_settings(site)
    return RosterEntry(
        id=device.device_id,
        name=spec.display_name or "",
        type=spec.type or "",
        location=spec.location or "",
        # Sorted, so that equal entries have equal payloads.
        attributes=dict(sorted((spec.attributes or {}).items())),
        heartbeat_interval_seconds=heartbeat_seconds(defaults, spec),
        offline_after_seconds=device_settings(defaults, spec).offline_after,
        presence=spec.presence,
        disabled=device.disabled,
        rotation=device.rotation,
        cloud_commands=spec.cloud_commands,
        uid=device.owner_ref.uid,
        site=site_name(site),
        liveness=_liveness(device),
    )


def liveness_fields(device: CachedDevice) -> tuple[object, ...]:
    """Return the fields of a device's status that its roster entry contains."""
    stored = device.status.get("connectivity") or {}
    return device.status.get("phase"), stored.get("reason"), stored.get("sinceTime")


def _liveness(device: CachedDevice) -> RosterLiveness | None:
    """Return the liveness in a device's status: what `kubectl` shows; None if it has none that is valid."""
    phase, reason, since = liveness_fields(device)
    when = parse_timestamp(since)
    if not (isinstance(phase, str) and isinstance(reason, str) and phase and reason) or when is None:
        return None
    return RosterLiveness(phase, reason, when)


def site_name(site: CachedSite) -> str:
    """Return the name of the site in its roster entries."""
    return "/".join(site.key)
