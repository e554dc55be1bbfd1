"""Settings of the liveness state machine from the operator's settings and the specs of a site and a device. Pure."""

from dataclasses import dataclass, replace

from edge_liveness import DeviceSettings, Presence, SiteSettings
from edge_operator.api.edgedevice import EdgeDeviceSpec
from edge_operator.control.cache.resource import CachedSite, seconds
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
    devices = site.device_defaults
    return replace(
        DEFAULTS,
        heartbeat_interval=seconds(devices.heartbeat_interval) or DEFAULTS.heartbeat_interval,
        offline_after=seconds(devices.offline_after) or DEFAULTS.offline_after,
        mass_grace=timers.mass_grace,
        unreachable_after=timers.unreachable_after,
    )


def device_settings(site: SiteSettings, spec: EdgeDeviceSpec) -> DeviceSettings:
    """Return the liveness settings of a device, with the site's defaults."""
    return site.device(
        heartbeat_interval=seconds(spec.heartbeat_interval),
        offline_after=seconds(spec.offline_after),
        presence=Presence(spec.presence),
        is_disabled=spec.disabled,
    )


def heartbeat_seconds(site: SiteSettings, spec: EdgeDeviceSpec) -> float:
    """Return the heartbeat interval of a device, in seconds."""
    return seconds(spec.heartbeat_interval) or site.heartbeat_interval
