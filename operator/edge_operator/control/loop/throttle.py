"""Limits how often something is done for a resource. Pure: the time is given."""

from edge_operator.control.cache.child_cache import ResourceKey


class Throttle:
    """Allows one action per resource in each period.

    Args:
        period: least time between two actions for a resource, in seconds.

    Attributes:
        period: the same.
    """

    def __init__(self, period: float) -> None:
        self.period = period
        self._due: dict[ResourceKey, float] = {}

    def wait(self, key: ResourceKey, now: float, first: float = 0.0) -> float:
        """Return the seconds until the action is allowed. 0 allows it, and the next one only a period later.

        Args:
            key: the resource.
            now: time on a monotonic clock, in seconds.
            first: seconds to wait for the first action.
        """
        due = self._due.setdefault(key, now + first)
        if due <= now:
            self._due[key] = now + self.period
        return max(0.0, due - now)

    def remove(self, key: ResourceKey) -> None:
        """Remove a resource: its next action is its first."""
        self._due.pop(key, None)
