"""What goes out of the state machine, and what it is seeded with. All times are its caller's monotonic seconds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from edge_liveness.phases import REASONS_OF, Phase, Reason

Reported = tuple[tuple[str, str], ...]
"""Names and strings that a device said of itself, in the order of names."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A device is in another phase, or in the same for another reason.

    Attributes:
        previous: The phase before.
        since: When the phase changed: of a will, when the broker lost the device.
        seen: When the device was last heard; None if never.
        session: The one it named last.
        is_site_wide: Whether a `SiteEvent` tells the cause: the device is not worth an Event of its own.
    """

    device_id: str
    previous: Phase
    phase: Phase
    reason: Reason
    since: float
    seen: float | None
    session: str | None
    is_site_wide: bool


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a device now; what is written to its status.

    Attributes:
        since: When the phase changed.
        seen: When the device was last heard; None if never.
        reported: What it said of itself.
    """

    device_id: str
    phase: Phase
    reason: Reason
    since: float
    seen: float | None
    session: str | None
    reported: Reported


@dataclass(frozen=True, slots=True)
class Seed:
    """What was known of a device by whoever watched it before, from its stored status.

    Attributes:
        since: When the phase changed.
        seen: When the device was last heard, by its status or the store's arrival time, the later; None if never.
        reported: What it said of itself.
    """

    phase: Phase
    reason: Reason
    since: float
    seen: float | None = None
    session: str | None = None
    reported: Reported = ()

    @classmethod
    def from_status(
        cls,
        phase: str | None,
        reason: str | None,
        *,
        since: float,
        seen: float | None = None,
        session: str | None = None,
        reported: Reported = (),
    ) -> Self | None:
        """Return the seed that a stored status holds; None where its phase and reason do not go together."""
        try:
            seed = cls(Phase(phase or ""), Reason(reason or ""), since, seen, session, reported)
        except ValueError:
            return None
        # A device that is heard while it is Online is not looked at again: a wrong reason would stay.
        return seed if seed.reason in REASONS_OF[seed.phase] else None


class SiteEventKind(StrEnum):
    """What can happen to a site as a whole."""

    BROKER_CONNECTED = "BrokerConnected"
    BROKER_DISCONNECTED = "BrokerDisconnected"
    BROKER_RESTARTED = "BrokerRestarted"
    MASS_LAST_WILL = "MassLastWill"


@dataclass(frozen=True, slots=True)
class SiteEvent:
    """Something happened to a site, told once and not once for each device.

    Attributes:
        at: When.
        devices: How many devices it concerns.
    """

    kind: SiteEventKind
    at: float
    devices: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many devices a site has, in all and by phase."""

    total: int
    online: int
    offline: int
    unknown: int
    pending: int
    disabled: int


@dataclass(slots=True)
class Tally:
    """What was heard and led to nothing, counted since the start.

    Attributes:
        unknown_ids: Messages (and entries of digests) of devices that the site does not have.
        disabled: Messages of disabled devices.
        late_offlines: Sign-offs and wills of another session than the last `online`.
        doubted_replays: Retained `offline` that a restart of the broker has made doubtful.
        held_wills: Wills that were held.
        dropped_wills: Those of them that proof of life, or the loss of the broker, dropped.
        unproven: Entries of digests that prove nothing: the lag is unknown, or the age is no number.
    """

    unknown_ids: int = 0
    disabled: int = 0
    late_offlines: int = 0
    doubted_replays: int = 0
    held_wills: int = 0
    dropped_wills: int = 0
    unproven: int = 0
