"""What is remembered of one device, as small as it goes."""

import math

from edge_liveness.changes import DeviceSnapshot, Reported, RestoredState
from edge_liveness.phases import Phase, Presence, Reason
from edge_liveness.settings import DeviceSettings

NEVER = -math.inf
"""When a device was last heard that never was."""

EXPIRING = frozenset({Phase.ONLINE, Phase.UNKNOWN})
"""Phases that end when nothing is heard."""


class Slot:
    """The devices that expire in one moment.

    Attributes:
        number: Which moment.
    """

    __slots__ = ("devices", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.devices: set[Device] = set()


class Device:
    """The state of one device.

    Attributes:
        since: When the phase changed.
        seen: When it was last heard, or `NEVER`.
        lost_at: When it, or the broker, last said that it was lost while it was Offline as far as we knew, or `NEVER`.
        session: The one of its last `online`.
        offline_after: As its settings say, in seconds.
        is_intermittent: Whether only expiry makes it Offline.
        reported: What it said of itself.
        slot: Where it is filed for expiry, if it is.
    """

    __slots__ = (
        "device_id",
        "is_intermittent",
        "lost_at",
        "offline_after",
        "phase",
        "reason",
        "reported",
        "seen",
        "session",
        "since",
        "slot",
    )

    def __init__(self, device_id: str, seed: RestoredState, settings: DeviceSettings, at: float) -> None:
        self.device_id = device_id
        self.phase = seed.phase
        self.reason = seed.reason
        # A clock set back between the seed and now must not make the device heard in the future.
        self.since = min(seed.since, at)
        self.seen = NEVER if seed.seen is None else min(seed.seen, at)
        self.lost_at = NEVER
        self.session = seed.session
        self.reported: Reported = seed.reported
        self.slot: Slot | None = None
        self.configure(settings)

    def configure(self, settings: DeviceSettings) -> None:
        """Take over new settings."""
        self.offline_after = settings.offline_after
        self.is_intermittent = settings.presence is Presence.INTERMITTENT

    @property
    def was_lost(self) -> bool:
        """Whether it is Offline because it or the broker said so at `since`."""
        return self.reason in {Reason.DISCONNECTED, Reason.LAST_WILL}

    @property
    def known_lost_at(self) -> float:
        """When it was lost by its own word or the broker's, which only what it sent later disproves; or `NEVER`."""
        return max(self.since, self.lost_at) if self.was_lost else self.lost_at

    def lost_again(self, at: float) -> None:
        """Take that it was lost at `at`, though Offline as far as we knew: it had been back meanwhile."""
        self.lost_at = max(self.lost_at, at)
        if self.was_lost:
            self.since = max(self.since, at)

    def known(self) -> DeviceSnapshot:
        """Return what is known of it."""
        seen = None if self.seen == NEVER else self.seen
        return DeviceSnapshot(self.device_id, self.phase, self.reason, self.since, seen, self.session, self.reported)
