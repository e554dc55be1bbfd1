"""What a site's spec and a device's say that the state machine of lives goes by. Pure."""

from edge_liveness import DeviceSettings, Presence, SiteSettings

from .resource import DeviceObject, SiteObject, seconds


def site_settings(site: SiteObject) -> SiteSettings:
    """Return what decides of the site's devices."""
    devices = site.spec.get("devices") or {}
    default = SiteSettings()
    return SiteSettings(
        heartbeat_interval=seconds(devices.get("heartbeatInterval")) or default.heartbeat_interval,
        offline_after=seconds(devices.get("offlineAfter")) or default.offline_after,
    )


def device_settings(site: SiteSettings, device: DeviceObject) -> DeviceSettings:
    """Return what decides of a device of a site, defaults filled in."""
    spec = device.spec
    return site.device(
        heartbeat_interval=seconds(spec.get("heartbeatInterval")),
        offline_after=seconds(spec.get("offlineAfter")),
        presence=Presence.INTERMITTENT if spec.get("presence") == Presence.INTERMITTENT else Presence.CONNECTED,
        is_disabled=device.disabled,
    )


def heartbeat_seconds(site: SiteSettings, device: DeviceObject) -> float:
    """Return how often a device of a site is to say that it is alive."""
    return seconds(device.spec.get("heartbeatInterval")) or site.heartbeat_interval
