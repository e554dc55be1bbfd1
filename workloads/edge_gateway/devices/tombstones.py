"""Devices that are gone, remembered for a while: what was under way when they went must not bring them back. Pure."""

from collections.abc import Callable

TOMBSTONE_SECONDS = 60.0
"""Longer than a digest is on its way, but for one that lay in a queue; that one proves nothing."""

MOST = 20_000


class Tombstones:
    """The devices that went lately.

    Args:
        steady: seconds on a clock that never goes back.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._when: dict[str, float] = {}

    def add(self, device_id: str) -> None:
        """Note that a device is gone."""
        now = self._steady()
        self._when.pop(device_id, None)
        self._when[device_id] = now
        while len(self._when) > MOST or next(iter(self._when.values())) <= now - TOMBSTONE_SECONDS:
            del self._when[next(iter(self._when))]

    def discard(self, device_id: str) -> None:
        """Note that it is there again."""
        self._when.pop(device_id, None)

    def is_recent(self, device_id: str) -> bool:
        """Return whether a device went lately."""
        when = self._when.get(device_id)
        return when is not None and when > self._steady() - TOMBSTONE_SECONDS
