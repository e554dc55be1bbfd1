"""The figures of a site's devices, and whether they have moved enough to be written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WORTH_TELLING = 0.1
"""A figure that has moved by no more than this share says nothing new."""

FIGURES = ("total", "online", "offline", "unknown")


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """How many devices a site has, and how they are.

    Attributes:
        total: all of them, those that are disabled as well.
        online: those that are alive.
        offline: those that are not.
        unknown: those of which nothing can be said, or not yet.
    """

    total: int = 0
    online: int = 0
    offline: int = 0
    unknown: int = 0

    def to_status(self) -> dict[str, int]:
        """Return them as the status has them."""
        return {figure: getattr(self, figure) for figure in FIGURES}


def moved(before: Mapping[str, Any] | None, figures: DeviceFigures) -> bool:
    """Return whether a figure has moved by more than a tenth since `before` was written; to or from zero it has."""
    if before is None:
        return True
    return any(_moved(int(before.get(figure) or 0), now) for figure, now in figures.to_status().items())


def _moved(before: int, now: int) -> bool:
    return abs(now - before) > WORTH_TELLING * before
