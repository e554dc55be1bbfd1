"""The lines of the segments that are being read, in memory: the next page needs the same segment."""

import threading
from collections.abc import Callable

from edge_storage.log.joined import JoinedLines

MAX_SEGMENTS = 3
"""Number of segments that are kept, of up to 24 MiB each: a sink that reads its backlog is in one of its own."""


class MergedSegments:
    """The segments that were read last, by their last offsets. Several threads may use it."""

    def __init__(self) -> None:
        self._merging = threading.Lock()
        self._lock = threading.Lock()
        self._segments: dict[int, JoinedLines] = {}

    def get(self, last_offset: int, merge: Callable[[], JoinedLines]) -> JoinedLines:
        """Return a segment; `merge` reads it if it is not kept. One is merged at a time, because that takes memory."""
        if (found := self._kept(last_offset)) is not None:
            return found
        with self._merging:
            # Another thread may have merged it meanwhile.
            if (found := self._kept(last_offset)) is not None:
                return found
            with self._lock:
                while len(self._segments) >= MAX_SEGMENTS:
                    del self._segments[next(iter(self._segments))]
            found = merge()
            with self._lock:
                self._segments[last_offset] = found
            return found

    def drop(self, last_offset: int) -> None:
        """Drop a segment, if it is kept."""
        with self._lock:
            self._segments.pop(last_offset, None)

    def _kept(self, last_offset: int) -> JoinedLines | None:
        """Return a segment that is kept, which is the one that was read last from now on."""
        with self._lock:
            found = self._segments.pop(last_offset, None)
            if found is not None:
                self._segments[last_offset] = found
            return found
