"""What is to be told of each device's life: what is known of it, in words that stay the same while nothing changes."""

from dataclasses import dataclass

from edge_liveness import Known, Phase
from edge_operator.status.connectivity import Life

from .clocks import Clocks
from .resource import DeviceObject

SAME_SECONDS = 1.0
"""Times in a status are whole seconds."""


@dataclass(slots=True)
class _Record:
    """The words that were found for one device.

    Attributes:
        phase: the phase.
        since: since when, RFC 3339.
        seen_at: when it was last heard, by the steady clock.
        seen: the same, RFC 3339.
    """

    phase: str
    since: str
    seen_at: float | None
    seen: str


class Wording:
    """Finds the words for one device's life.

    A time is put into words once, when it is new: clocks drift, and a status that says the same must read the same.

    Args:
        device: the device, whose status says what was told before.
        known: what is known of it; None if nothing is.
        clocks: the time.
    """

    __slots__ = ("_clocks", "_record")

    def __init__(self, device: DeviceObject, known: Known | None, clocks: Clocks) -> None:
        told = device.status.get("connectivity") or {}
        self._clocks = clocks
        self._record = _Record(
            phase=str(device.status.get("phase", "")),
            since=str(told.get("sinceTime", "")),
            seen_at=None if known is None or not _is_of(told.get("lastSeenTime"), known, clocks) else known.seen,
            seen=str(told.get("lastSeenTime", "")),
        )

    def life(self, device: DeviceObject, known: Known | None) -> Life:
        """Return what is to be told of a device now."""
        phase, reason = _phase(device, known)
        record = self._record
        if phase != record.phase or not record.since:
            record.phase, record.since = phase, self._since(phase, known)
        if known is not None and known.seen is not None and known.seen != record.seen_at:
            record.seen_at, record.seen = known.seen, self._clocks.text(known.seen)
        return Life(
            phase=phase,
            reason=reason,
            since=record.since,
            last_seen=record.seen,
            session=(known.session or "") if known is not None else "",
            reported=dict(known.reported) if known is not None else {},
        )

    def _since(self, phase: str, known: Known | None) -> str:
        at = known.since if known is not None and known.phase == phase else self._clocks.steady()
        return self._clocks.text(at)


def _is_of(text: str | None, known: Known, clocks: Clocks) -> bool:
    """Return whether what the status tells of a device's being seen is what is known: it may have spoken since."""
    told = clocks.at(text)
    return told is not None and known.seen is not None and abs(told - known.seen) < SAME_SECONDS


def _phase(device: DeviceObject, known: Known | None) -> tuple[str, str]:
    if device.disabled:
        return "Disabled", "Disabled"
    if known is None or known.phase in {Phase.PENDING, Phase.DISABLED}:
        return (
            ("Unknown", "NotYetSeen") if known is not None and device.has_login else ("Pending", "CredentialsPending")
        )
    return known.phase.value, known.reason.value
