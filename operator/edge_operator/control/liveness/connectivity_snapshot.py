"""Renders liveness as status fields, keeping timestamps stable while nothing changes."""

from dataclasses import dataclass

from edge_liveness import DeviceSnapshot, Phase
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.status import reasons
from edge_operator.status.connectivity import Connectivity

from .clocks import Clocks

SAME_SECONDS = 1.0
"""Timestamps in a status have whole seconds."""


@dataclass(slots=True)
class _Record:
    """Timestamps that were rendered for one device.

    Attributes:
        phase: the phase.
        since: time of the last change of the phase, RFC 3339.
        seen_at: time of the last message on the monotonic clock, in seconds.
        seen: the same time, RFC 3339.
    """

    phase: str
    since: str
    seen_at: float | None
    seen: str


class ConnectivitySnapshot:
    """Renders the liveness of one device.

    A timestamp is rendered once, when it is new: the clocks drift, and an unchanged status must not be written
    again.

    Args:
        device: the device, with the status that was written before.
        known: state of the device in the state machine; None if there is none.
        clocks: both clocks.
    """

    __slots__ = ("_clocks", "_record")

    def __init__(self, device: CachedDevice, known: DeviceSnapshot | None, clocks: Clocks) -> None:
        stored = device.status.get("connectivity") or {}
        self._clocks = clocks
        self._record = _Record(
            phase=str(device.status.get("phase", "")),
            since=str(stored.get("sinceTime", "")),
            seen_at=None if known is None or not _is_of(stored.get("lastSeenTime"), known, clocks) else known.seen,
            seen=str(stored.get("lastSeenTime", "")),
        )

    def render(self, device: CachedDevice, known: DeviceSnapshot | None) -> Connectivity:
        """Return the connectivity to write for a device now."""
        phase, reason = _phase(device, known)
        record = self._record
        if phase != record.phase or not record.since:
            record.phase, record.since = phase, self._since(phase, known)
        if known is not None and known.seen is not None and known.seen != record.seen_at:
            record.seen_at, record.seen = known.seen, self._clocks.text(known.seen)
        return Connectivity(
            phase=phase,
            reason=reason,
            since=record.since,
            last_seen=record.seen,
            session=(known.session or "") if known is not None else "",
            reported=dict(known.reported) if known is not None else {},
            fault=known.fault if known is not None and not device.disabled else None,
        )

    def _since(self, phase: str, known: DeviceSnapshot | None) -> str:
        at = known.since if known is not None and known.phase == phase else self._clocks.steady()
        return self._clocks.text(at)


def _is_of(text: str | None, known: DeviceSnapshot, clocks: Clocks) -> bool:
    """Return whether the last-seen time in the status is that of `known`, or the device has sent a message since."""
    stored = clocks.at(text)
    return stored is not None and known.seen is not None and abs(stored - known.seen) < SAME_SECONDS


def _phase(device: CachedDevice, known: DeviceSnapshot | None) -> tuple[str, str]:
    if device.disabled:
        return "Disabled", reasons.DISABLED
    if known is None or known.phase in {Phase.PENDING, Phase.DISABLED}:
        if known is not None and device.has_login:
            return "Unknown", reasons.NOT_YET_SEEN
        return "Pending", reasons.CREDENTIALS_PENDING
    return known.phase.value, known.reason.value
