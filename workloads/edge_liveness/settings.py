"""What a site and its devices are set to, in seconds."""

from dataclasses import dataclass

from edge_liveness.phases import Presence

MISSED_HEARTBEATS = 2.5
"""Where a device gives no `offlineAfter` it has at least so many of its heartbeats' intervals."""


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """What decides of one device, defaults filled in.

    Attributes:
        offline_after: Silence after which the device is Offline.
        presence: Whether sign-offs and wills mean anything.
        is_disabled: Whether the device is cut off.
    """

    offline_after: float
    presence: Presence = Presence.CONNECTED
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What decides of a site.

    Attributes:
        heartbeat_interval: Default for its devices.
        offline_after: Least default for its devices.
        reconnect_grace: How long a will is held, for the device to come back.
        mass_share: More than this share of the devices losing their connection at once is one event of the site.
        mass_least: But at least so many.
        mass_window: Within so long is at once.
        mass_grace: How long such wills are held.
        unreachable_after: How long the broker may be away before its devices are Unknown.
        digest_slack: How exactly a digest tells when a device was heard: closer to a sign-off or a will than this
            it may well tell of a message from before; and a queue that lags by more is not live.
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
        """Return the settings of a device that gives these, with the site's defaults for what it does not give."""
        interval = self.heartbeat_interval if heartbeat_interval is None else heartbeat_interval
        if offline_after is None:
            # One float shared by all devices of the default is what keeps 100,000 of them small.
            least = MISSED_HEARTBEATS * interval
            offline_after = max(self.offline_after, least)
        return DeviceSettings(offline_after, presence, is_disabled)
