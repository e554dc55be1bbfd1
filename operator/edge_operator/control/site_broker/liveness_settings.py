"""Settings of the liveness state machine from the operator's settings and the specs of a site and a device. Pure."""

from dataclasses import dataclass, replace

from edge_liveness import DeviceSettings, Presence, SiteSettings
from edge_operator.control.cache.resource import CachedDevice, CachedSite, seconds
from edge_operator.status.device_counts import PERIOD_SECONDS

DEFAULTS = SiteSettings()


@dataclass(frozen=True, slots=True)
class LivenessTimers:
    """Timers that are the same for all sites, in seconds; the others are in a site's spec.

    Attributes:
        unreachable_after: time for which a broker may be disconnected before its devices are Unknown.
        mass_grace: time for which the last wills of many devices at once are held back.
        count_period: least time between two writes of a site's device counts.
    """

    unreachable_after: float = DEFAULTS.unreachable_after
    mass_grace: float = DEFAULTS.mass_grace
    count_period: float = PERIOD_SECONDS


DEFAULT_TIMERS = LivenessTimers()


def site_settings(site: CachedSite, timers: LivenessTimers = DEFAULT_TIMERS) -> SiteSettings:
    """Return the liveness settings of a site."""
    devices = site.spec.get("devices") or {}
    return replace(
        DEFAULTS,
        heartbeat_interval=seconds(devices.get("heartbeatInterval")) or DEFAULTS.heartbeat_interval,
        offline_after=seconds(devices.get("offlineAfter")) or DEFAULTS.offline_after,
        mass_grace=timers.mass_grace,
        unreachable_after=timers.unreachable_after,
    )


def device_settings(site: SiteSettings, device: CachedDevice) -> DeviceSettings:
    """Return the liveness settings of a device, with the site's defaults."""
    spec = device.spec
    return site.device(
        heartbeat_interval=seconds(spec.get("heartbeatInterval")),
        offline_after=seconds(spec.get("offlineAfter")),
        presence=Presence.INTERMITTENT if spec.get("presence") == Presence.INTERMITTENT else Presence.CONNECTED,
        is_disabled=device.disabled,
    )


def heartbeat_seconds(site: SiteSettings, device: CachedDevice) -> float:
    """Return the heartbeat interval of a device, in seconds."""
    return seconds(device.spec.get("heartbeatInterval")) or site.heartbeat_interval
