"""The device counts of a site, and whether they have changed enough to be written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIN_CHANGE = 0.1
"""A figure that has changed by no more than this share is not written."""

PERIOD_SECONDS = 30.0
"""Default of the least time between two writes of a site's figures."""

COUNTS = ("total", "online", "offline", "unknown")


@dataclass(frozen=True, slots=True)
class DeviceCounts:
    """Number of devices of a site by phase.

    Attributes:
        total: all devices, including disabled ones.
        online: devices that are Online.
        offline: devices that are Offline.
        unknown: devices that are Unknown or Pending.
    """

    total: int = 0
    online: int = 0
    offline: int = 0
    unknown: int = 0

    def to_status(self) -> dict[str, int]:
        """Return the counts as in the status."""
        return {figure: getattr(self, figure) for figure in COUNTS}


def changed_enough(before: Mapping[str, Any] | None, counts: DeviceCounts) -> bool:
    """Return whether a count has changed by more than a tenth since `before` was written, or to or from zero."""
    if before is None:
        return True
    return any(figure_changed_enough(int(before.get(figure) or 0), now) for figure, now in counts.to_status().items())


def figure_changed_enough(before: int, now: int) -> bool:
    """Return whether a figure has changed by more than a tenth, or to or from zero.

    Args:
        before: number of devices, readings or bytes that was written.
        now: number of the same at present.
    """
    return abs(now - before) > MIN_CHANGE * before
