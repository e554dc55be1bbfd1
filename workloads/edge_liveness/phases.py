"""The vocabulary of a device's state: phase, reason, presence."""

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
    """Online: a message arrived."""

    DISCONNECTED = "Disconnected"
    """Offline: it signed off."""

    LAST_WILL = "LastWill"
    """Offline: its will arrived, and it did not connect again within the grace period."""

    HEARTBEAT_EXPIRED = "HeartbeatExpired"
    """Offline: no message arrived for `offlineAfter` while this process received messages."""

    SITE_UNREACHABLE = "SiteUnreachable"
    """Unknown: the site's broker is unreachable."""

    BROKER_RESTARTED = "BrokerRestarted"
    """Unknown: only retained messages are known, which may be from before a restart of the broker."""

    NOT_YET_SEEN = "NotYetSeen"
    """Pending: no message has arrived yet."""

    DISABLED = "Disabled"
    """Disabled: spec.disabled is true."""


REASONS_OF: Mapping[Phase, frozenset[Reason]] = MappingProxyType(
    {
        Phase.ONLINE: frozenset({Reason.HEARTBEAT_RECEIVED}),
        Phase.OFFLINE: frozenset({Reason.DISCONNECTED, Reason.LAST_WILL, Reason.HEARTBEAT_EXPIRED}),
        Phase.UNKNOWN: frozenset({Reason.SITE_UNREACHABLE, Reason.BROKER_RESTARTED}),
        Phase.PENDING: frozenset({Reason.NOT_YET_SEEN}),
        Phase.DISABLED: frozenset({Reason.DISABLED}),
    }
)
"""The possible reasons of each phase."""


NOT_PROVEN = frozenset({Reason.NOT_YET_SEEN, Reason.BROKER_RESTARTED})
"""Reasons of devices of which no message has arrived since this process began, or the broker restarted."""


class Presence(StrEnum):
    """What the loss of a device's connection means (`spec.presence`)."""

    CONNECTED = "Connected"
    INTERMITTENT = "Intermittent"
