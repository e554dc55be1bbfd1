"""The lines of the segments that are being read, in memory: the next page needs the same segment."""

import threading
from collections.abc import Callable

from edge_storage.log.joined import JoinedLines

MAX_SEGMENTS = 3
"""Segments that are kept, of up to 24 MiB each: each sink that reads its backlog is in one of its own."""


class MergedSegments:
    """The segments that were read last, by their last offsets. Several threads may use it."""

    def __init__(self) -> None:
        self._merging = threading.Lock()
        self._segments: dict[int, JoinedLines] = {}

    def get(self, last_offset: int, merge: Callable[[], JoinedLines]) -> JoinedLines:
        """Return a segment; `merge` reads it if it is not kept. One is merged at a time, because that takes memory."""
        if (found := self._segments.get(last_offset)) is not None:
            return found
        with self._merging:
            found = self._segments.pop(last_offset, None)
            while len(self._segments) >= MAX_SEGMENTS:
                del self._segments[next(iter(self._segments))]
            if found is None:
                found = merge()
            self._segments[last_offset] = found
            return found

    def drop(self, last_offset: int) -> None:
        """Drop a segment, if it is kept."""
        self._segments.pop(last_offset, None)
