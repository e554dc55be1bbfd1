"""What goes out of the state machine, and what it is seeded with. All times are its caller's monotonic seconds."""

from dataclasses import dataclass
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
        is_site_wide: Whether the cause concerns the whole site: the device gets no Event of its own.
    """

    device_id: str
    previous: Phase
    phase: Phase
    reason: Reason
    since: float
    seen: float | None
    session: str | None
    is_site_wide: bool = False


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
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
class RestoredState:
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


@dataclass(frozen=True, slots=True)
class MassLastWill:
    """Many devices of a site were lost at once: reported once, and not once for each device.

    Attributes:
        at: when it is reported.
        devices: how many devices were lost.
    """

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
