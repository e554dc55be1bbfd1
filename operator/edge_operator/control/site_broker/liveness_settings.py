"""What the operator's settings, a site's spec and a device's say that the state machine of lives goes by. Pure."""

from dataclasses import dataclass, replace

from edge_liveness import DeviceSettings, Presence, SiteSettings
from edge_operator.control.cache.resource import CachedDevice, CachedSite, seconds
from edge_operator.status.figures import PERIOD_SECONDS

DEFAULTS = SiteSettings()


@dataclass(frozen=True, slots=True)
class LivenessTimers:
    """The timers of all sites alike, in seconds; those of one site are in its spec.

    Attributes:
        unreachable_after: how long a broker may be away before its devices are Unknown.
        mass_grace: how long the wills of many devices at once are held.
        figures_period: the least time between two writes of a site's device counts.
    """

    unreachable_after: float = DEFAULTS.unreachable_after
    mass_grace: float = DEFAULTS.mass_grace
    figures_period: float = PERIOD_SECONDS


DEFAULT_TIMERS = LivenessTimers()


def site_settings(site: CachedSite, timers: LivenessTimers = DEFAULT_TIMERS) -> SiteSettings:
    """Return what decides of the site's devices."""
    devices = site.spec.get("devices") or {}
    return replace(
        DEFAULTS,
        heartbeat_interval=seconds(devices.get("heartbeatInterval")) or DEFAULTS.heartbeat_interval,
        offline_after=seconds(devices.get("offlineAfter")) or DEFAULTS.offline_after,
        mass_grace=timers.mass_grace,
        unreachable_after=timers.unreachable_after,
    )


def device_settings(site: SiteSettings, device: CachedDevice) -> DeviceSettings:
    """Return what decides of a device of a site, defaults filled in."""
    spec = device.spec
    return site.device(
        heartbeat_interval=seconds(spec.get("heartbeatInterval")),
        offline_after=seconds(spec.get("offlineAfter")),
        presence=Presence.INTERMITTENT if spec.get("presence") == Presence.INTERMITTENT else Presence.CONNECTED,
        is_disabled=device.disabled,
    )


def heartbeat_seconds(site: SiteSettings, device: CachedDevice) -> float:
    """Return how often a device of a site is to say that it is alive."""
    return seconds(device.spec.get("heartbeatInterval")) or site.heartbeat_interval
