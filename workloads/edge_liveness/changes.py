"""Results of the state machine, and the state it is restored from. Times are seconds of a monotonic clock."""

from dataclasses import dataclass, replace
from typing import Self

from edge_liveness.phases import REASONS_OF, Phase, Reason
from edge_wire.messages import StatusFault

Reported = tuple[tuple[str, str], ...]
"""Names and strings that a device reported of itself, sorted by name."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of a device's phase, or of the reason for it.

    Attributes:
        previous: the phase before.
        since: when the phase changed; for a will, when the broker lost the device.
        seen: when the last message of the device arrived; None if none ever has.
        session: the session that the device named last.
        is_site_wide: whether the cause concerns the whole site: there is no Event for the device alone.
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
class DeviceSnapshot:
    """The state of a device at one moment, as it is written to its status.

    Attributes:
        since: when the phase changed.
        seen: when the last message of the device arrived; None if none ever has.
        reported: what the device reported of itself.
        fault: what could not be read of its status; None if all could.
        says_offline: whether its last status is `offline`.
    """

    device_id: str
    phase: Phase
    reason: Reason
    since: float
    seen: float | None
    session: str | None
    reported: Reported
    fault: StatusFault | None = None
    says_offline: bool = False


@dataclass(frozen=True, slots=True)
class RestoredState:
    """The state of a device that another process observed before, from its stored status.

    Attributes:
        since: when the phase changed.
        seen: the later of the time in its status and the store's arrival time; None if no message has ever arrived.
        reported: what the device reported of itself.
        fault: what could not be read of its status; None if all could.
        says_offline: whether its last status is `offline`.
    """

    phase: Phase
    reason: Reason
    since: float
    seen: float | None = None
    session: str | None = None
    reported: Reported = ()
    fault: StatusFault | None = None
    says_offline: bool = False

    def with_reports_of(self, known: DeviceSnapshot) -> Self:
        """Return this state, with the last message, the session and all that the device reported as in `known`."""
        return replace(
            self,
            seen=known.seen,
            session=known.session,
            reported=known.reported,
            fault=known.fault,
            says_offline=known.says_offline,
        )

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
        fault: StatusFault | None = None,
    ) -> Self | None:
        """Return the state in a stored status; None if its phase and reason do not match. Times are in seconds."""
        try:
            seed = cls(Phase(phase or ""), Reason(reason or ""), since, seen, session, reported, fault)
        except ValueError:
            return None
        # A message does not change the reason of a device that is Online: a wrong one would stay.
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
    """How many devices a site has, in all and by phase.

    Attributes:
        total: number of all devices.
        online: number of Online ones.
        offline: number of Offline ones.
        unknown: number of Unknown ones.
        pending: number of Pending ones.
        disabled: number of Disabled ones.
    """

    total: int
    online: int
    offline: int
    unknown: int
    pending: int
    disabled: int
