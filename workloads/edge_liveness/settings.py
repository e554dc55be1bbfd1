"""Settings of a site and its devices; times are in seconds."""

from dataclasses import dataclass

from edge_liveness.phases import Presence

MISSED_HEARTBEATS = 2.5
"""The default of `offlineAfter` is at least this number of heartbeat intervals."""


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Settings of one device, defaults filled in.

    Attributes:
        offline_after: seconds without a message after which the device is Offline.
        presence: whether sign-offs and wills make the device Offline.
        is_disabled: whether the device may not connect.
    """

    offline_after: float
    presence: Presence = Presence.CONNECTED
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Settings of a site.

    Attributes:
        heartbeat_interval: default for its devices, in seconds.
        offline_after: minimum default for its devices, in seconds.
        reconnect_grace: seconds that a will is on hold, for the device to connect again.
        mass_share: if more than this share of the devices loses its connection at once, that is one event of the site.
        mass_least: minimum number of devices for such an event.
        mass_window: seconds within which losses count as at once.
        mass_grace: seconds that such wills are on hold.
        unreachable_after: seconds without a connection to the broker after which its devices are Unknown.
        digest_slack: precision of a digest in seconds: closer to a sign-off or a will than this, it may be about an
            earlier message; and a queue with a longer lag is not live.
    """

    heartbeat_interval: float = 30.0
    offline_after: float = 300.0
    reconnect_grace: float = 3.0
    mass_share: float = 0.2
    mass_least: int = 5
    mass_window: float = 2.0
    mass_grace: float = 30.0
    unreachable_after: float = 30.0
    digest_slack: float = 1.0

    def device(
        self,
        *,
        heartbeat_interval: float | None = None,
        offline_after: float | None = None,
        presence: Presence = Presence.CONNECTED,
        is_disabled: bool = False,
    ) -> DeviceSettings:
        """Return the settings of a device: the given values (seconds), and the site's defaults where they are None."""
        interval = self.heartbeat_interval if heartbeat_interval is None else heartbeat_interval
        if offline_after is None:
            # All devices with the default share one float, which keeps 100,000 of them small.
            least = MISSED_HEARTBEATS * interval
            offline_after = max(self.offline_after, least)
        return DeviceSettings(offline_after, presence, is_disabled)
