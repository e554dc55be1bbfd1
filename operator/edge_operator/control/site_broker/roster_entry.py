"""The roster entry of a device, which its gateway reads from the broker. Pure."""

from edge_liveness import Presence
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_wire.messages import RosterEntry

from .liveness_settings import device_settings, heartbeat_seconds, site_settings


def roster_entry(device: CachedDevice, site: CachedSite) -> RosterEntry:
    """Return the data of a device for the gateway, with the site's defaults."""
    spec = device.spec
    defaults = site_settings(site)
    settings = device_settings(defaults, device)
    return RosterEntry(
        id=device.device_id,
        name=str(spec.get("displayName") or ""),
        type=str(spec.get("type") or ""),
        location=str(spec.get("location") or ""),
        # Sorted, so that equal entries have equal payloads.
        attributes=dict(sorted((spec.get("attributes") or {}).items())),
        heartbeat_interval_seconds=heartbeat_seconds(defaults, device),
        offline_after_seconds=settings.offline_after,
        presence="Intermittent" if settings.presence is Presence.INTERMITTENT else "Connected",
        disabled=device.disabled,
        rotation=device.rotation,
        uid=device.owner_ref.uid,
        site=site_name(site),
    )


def site_name(site: CachedSite) -> str:
    """Return the name of the site in its roster entries."""
    return "/".join(site.key)
