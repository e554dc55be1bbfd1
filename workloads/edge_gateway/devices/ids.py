"""Ids in their order, of a table that is read in pages. Pure."""

import bisect
from collections.abc import Iterator


class OrderedIds:
    """A set of ids that are read in their order."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def add(self, device_id: str) -> None:
        """Add an id that is not there."""
        bisect.insort(self._ids, device_id)

    def remove(self, device_id: str) -> None:
        """Remove an id that is there."""
        del self._ids[bisect.bisect_left(self._ids, device_id)]

    def after(self, device_id: str) -> Iterator[str]:
        """Yield the ids that come after one, which need not be there."""
        for index in range(bisect.bisect_right(self._ids, device_id), len(self._ids)):
            yield self._ids[index]
