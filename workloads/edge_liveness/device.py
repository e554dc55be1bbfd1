"""The state of one device, in as little memory as possible."""

import math

from edge_liveness.changes import DeviceSnapshot, Reported, RestoredState
from edge_liveness.phases import Phase, Presence, Reason
from edge_liveness.settings import DeviceSettings

NEVER = -math.inf
"""`seen` of a device that has never sent a message."""

EXPIRING = frozenset({Phase.ONLINE, Phase.UNKNOWN})
"""Phases that expire when no message arrives."""


class ExpiryBucket:
    """The devices that expire in the same quarter of a second.

    Attributes:
        number: the quarter of a second, counted from 0 of the clock.
    """

    __slots__ = ("devices", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.devices: set[Device] = set()


class Device:
    """The state of one device. All times are seconds of the site's clock.

    Attributes:
        since: when the phase changed.
        seen: when its last message arrived, or `NEVER`.
        lost_at: when it last signed off, or its will arrived, while it was Offline already; or `NEVER`.
        session: the session of its last `online`.
        offline_after: seconds without a message after which it is Offline.
        says_offline: whether its last status is `offline`, fresh or retained.
        is_intermittent: whether only expiry makes it Offline.
        reported: what it reported of itself.
        fault: what could not be read of its status; None if all could.
        slot: its place in `Expiry`; None if it does not expire.
    """

    __slots__ = (
        "device_id",
        "fault",
        "is_intermittent",
        "lost_at",
        "offline_after",
        "phase",
        "reason",
        "reported",
        "says_offline",
        "seen",
        "session",
        "since",
        "slot",
    )

    def __init__(self, device_id: str, seed: RestoredState, settings: DeviceSettings, at: float) -> None:
        self.device_id = device_id
        self.phase = seed.phase
        self.reason = seed.reason
        # If the clock was set back since, the device must not seem to have been seen in the future.
        self.since = min(seed.since, at)
        self.seen = NEVER if seed.seen is None else min(seed.seen, at)
        self.lost_at = NEVER
        self.session = seed.session
        self.reported: Reported = seed.reported
        self.fault = seed.fault
        self.says_offline = seed.says_offline
        self.slot: ExpiryBucket | None = None
        self.configure(settings)

    def configure(self, settings: DeviceSettings) -> None:
        """Apply new settings."""
        self.offline_after = settings.offline_after
        self.is_intermittent = settings.presence is Presence.INTERMITTENT

    @property
    def was_lost(self) -> bool:
        """Whether it is Offline because it signed off, or because of its will, at `since`."""
        return self.reason in {Reason.DISCONNECTED, Reason.LAST_WILL}

    @property
    def known_lost_at(self) -> float:
        """When it last signed off or its will arrived, which only a later message disproves; `NEVER` if neither did."""
        return max(self.since, self.lost_at) if self.was_lost else self.lost_at

    def lost_again(self, at: float) -> None:
        """Record a loss at `at` of a device that is Offline already: it had connected again in between."""
        self.lost_at = max(self.lost_at, at)
        if self.was_lost:
            self.since = max(self.since, at)

    def known(self) -> DeviceSnapshot:
        """Return its state."""
        seen = None if self.seen == NEVER else self.seen
        return DeviceSnapshot(
            self.device_id,
            self.phase,
            self.reason,
            self.since,
            seen,
            self.session,
            self.reported,
            self.fault,
            self.says_offline,
        )
