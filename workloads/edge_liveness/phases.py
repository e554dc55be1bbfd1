"""The words for a device's state: its phase, the reason for it, and how the device is present."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Phase(StrEnum):
    """Whether a device is alive, in one word (`status.phase`)."""

    ONLINE = "Online"
    OFFLINE = "Offline"
    UNKNOWN = "Unknown"
    PENDING = "Pending"
    DISABLED = "Disabled"


class Reason(StrEnum):
    """Why the phase is what it is (`status.connectivity.reason`)."""

    HEARTBEAT_RECEIVED = "HeartbeatReceived"
    """Online: it was heard."""

    DISCONNECTED = "Disconnected"
    """Offline: it signed off."""

    LAST_WILL = "LastWill"
    """Offline: the broker lost it, and it did not come back within the grace."""

    HEARTBEAT_EXPIRED = "HeartbeatExpired"
    """Offline: it was silent for `offlineAfter` while we listened."""

    SITE_UNREACHABLE = "SiteUnreachable"
    """Unknown: the site's broker is away."""

    BROKER_RESTARTED = "BrokerRestarted"
    """Unknown: all that is known is what the broker had retained, which may be from before a restart."""

    NOT_YET_SEEN = "NotYetSeen"
    """Pending: nothing is known of it yet."""

    DISABLED = "Disabled"
    """Disabled: its spec says so."""


REASONS_OF: Mapping[Phase, frozenset[Reason]] = MappingProxyType(
    {
        Phase.ONLINE: frozenset({Reason.HEARTBEAT_RECEIVED}),
        Phase.OFFLINE: frozenset({Reason.DISCONNECTED, Reason.LAST_WILL, Reason.HEARTBEAT_EXPIRED}),
        Phase.UNKNOWN: frozenset({Reason.SITE_UNREACHABLE, Reason.BROKER_RESTARTED}),
        Phase.PENDING: frozenset({Reason.NOT_YET_SEEN}),
        Phase.DISABLED: frozenset({Reason.DISABLED}),
    }
)
"""Which reasons there are for each phase."""


class Presence(StrEnum):
    """What the loss of a device's connection means (`spec.presence`)."""

    CONNECTED = "Connected"
    INTERMITTENT = "Intermittent"
