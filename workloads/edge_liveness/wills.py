"""Wills, on hold until it is clear that the device does not connect again; and many of them at once.

All times are seconds of the caller's monotonic clock.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from edge_liveness.phases import Reason
from edge_liveness.settings import SiteSettings


@dataclass(frozen=True, slots=True)
class Will:
    """An `offline` on hold.

    Attributes:
        at: when it arrived.
        due: when it takes effect.
        reason: the reason for Offline then.
        is_mass: whether it is one of many at once.
    """

    device_id: str
    at: float
    due: float
    reason: Reason
    is_mass: bool


class Wills:
    """The wills of a site on hold, in the order in which they are due.

    Args:
        settings: grace periods, and how many are a mass loss.
    """

    def __init__(self, settings: SiteSettings) -> None:
        self.settings = settings
        self._single: OrderedDict[str, Will] = OrderedDict()
        self._mass: OrderedDict[str, Will] = OrderedDict()
        self._recent: OrderedDict[str, float] = OrderedDict()
        self._burst: set[str] = set()
        self._burst_until: float | None = None
        self._report_at: float | None = None

    def __bool__(self) -> bool:
        """Whether any is on hold."""
        return bool(self._single or self._mass)

    def hold(self, device_id: str, at: float, reason: Reason, site_size: int) -> None:
        """Put the will of a device on hold.

        Args:
            device_id: the device; if a will of it is on hold already, this one is ignored.
            at: when the will came.
            reason: the reason for Offline once the will takes effect.
            site_size: how many devices the site has.
        """
        if self.get(device_id) is not None:
            return
        self._note(device_id, at)
        self._single[device_id] = Will(device_id, at, at + self.settings.reconnect_grace, reason, is_mass=False)
        many = len(self._recent)
        if many >= self.settings.mass_least and many > self.settings.mass_share * site_size:
            self._gather(at)

    def get(self, device_id: str) -> Will | None:
        """Return the will of a device; None if none is on hold."""
        return self._single.get(device_id) or self._mass.get(device_id)

    def drop(self, device_id: str) -> None:
        """Drop the will of a device, if one is held."""
        self._single.pop(device_id, None)
        self._mass.pop(device_id, None)

    def clear(self) -> None:
        """Drop all wills, and the report of a burst that is due."""
        for each in (self._single, self._mass, self._recent, self._burst):
            each.clear()
        self._burst_until = self._report_at = None

    def due(self, at: float) -> Iterator[Will]:
        """Remove and yield the wills that take effect now."""
        for held in (self._single, self._mass):
            while held and next(iter(held.values())).due <= at:
                yield held.popitem(last=False)[1]

    def mass(self, at: float) -> int:
        """Return the number of devices lost at once, if that is to be reported now; else 0.

        The report waits for `reconnect_grace`: a broker that stops sends every will, but its loss is not a mass loss.
        """
        if self._report_at is None or self._report_at > at:
            return 0
        self._report_at = None
        return len(self._burst)

    def first(self) -> float | None:
        """Return when something is due next; None if nothing is on hold."""
        dues = [next(iter(held.values())).due for held in (self._single, self._mass) if held]
        if self._report_at is not None:
            dues.append(self._report_at)
        return min(dues, default=None)

    def _note(self, device_id: str, at: float) -> None:
        self._recent[device_id] = at
        self._recent.move_to_end(device_id)
        while next(iter(self._recent.values())) < at - self.settings.mass_window:
            self._recent.popitem(last=False)

    def _gather(self, at: float) -> None:
        """Turn the wills of the last moments into those of one event."""
        if self._burst_until is None or at > self._burst_until:
            self._burst.clear()
            self._report_at = at + self.settings.reconnect_grace
        self._burst_until = at + self.settings.mass_window
        recent = []
        for will in reversed(self._single.values()):
            if will.at < at - self.settings.mass_window:
                break
            recent.append(will)
        self._burst.update(will.device_id for will in recent)
        for will in reversed(recent):
            del self._single[will.device_id]
            due = will.at + self.settings.mass_grace
            self._mass[will.device_id] = Will(will.device_id, will.at, due, will.reason, is_mass=True)
