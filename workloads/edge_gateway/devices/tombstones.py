"""Recently deleted devices: messages that were in flight at the deletion must not recreate them. Pure."""

from collections.abc import Callable

TOMBSTONE_SECONDS = 60.0
"""TTL of a tombstone: longer than a digest is in flight; one that waited in a queue proves nothing anyway."""

MAX_TOMBSTONES = 20_000


class Tombstones:
    """The recently deleted devices.

    Args:
        steady: seconds of a monotonic clock.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._when: dict[str, float] = {}

    def add(self, device_id: str) -> None:
        """Add a deleted device."""
        now = self._steady()
        self._when.pop(device_id, None)
        self._when[device_id] = now
        while len(self._when) > MAX_TOMBSTONES or next(iter(self._when.values())) <= now - TOMBSTONE_SECONDS:
            del self._when[next(iter(self._when))]

    def discard(self, device_id: str) -> None:
        """Remove a device that exists again."""
        self._when.pop(device_id, None)

    def is_recent(self, device_id: str) -> bool:
        """Return whether a device was deleted within `TOMBSTONE_SECONDS`."""
        when = self._when.get(device_id)
        return when is not None and when > self._steady() - TOMBSTONE_SECONDS
