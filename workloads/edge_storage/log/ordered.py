"""The first lines of a selection in the order of time, from parts that overlap, in bounded memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import attrgetter, itemgetter

from edge_storage.log.selection import Selected, Selection

_line = itemgetter(3)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of one device with adjacent offsets: a chunk, or its lines in a batch.

    Attributes:
        last_offset: the largest of the part; parts do not overlap in their offsets.
        earliest: the earliest `timestamp`, as in the lines.
        latest: the latest `timestamp`, as in the lines.
        load: returns the lines, in the order of their offsets.
    """

    last_offset: int
    earliest: bytes
    latest: bytes
    load: Callable[[], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Lines:
    """The first lines of a selection.

    Attributes:
        lines: in the order of the selection.
        is_complete: whether no more follow.
    """

    lines: list[bytes]
    is_complete: bool


def first_lines(selection: Selection, parts: Iterable[Part], *, max_lines: int, max_bytes: int) -> Lines:
    """Return the first lines of `selection` in the order of time, then of offset.

    Args:
        selection: what is selected, and in which order.
        parts: all that may have such lines; only those that are needed are loaded.
        max_lines: 1 or more.
        max_bytes: of all lines together; a first line that is larger is returned alone.
    """
    newest_first = selection.is_newest_first
    first = _First(max_lines, max_bytes, is_descending=newest_first)
    near = [part for part in parts if selection.overlaps(part.earliest, part.latest)]
    near.sort(key=attrgetter("latest" if newest_first else "earliest"), reverse=newest_first)
    for part in near:
        if first.needs(part):
            first.add(list(selection.select(part.load(), part.last_offset)))
    return first.lines()


class _First:
    """Collects items, and keeps only the first ones in its order.

    Args:
        max_lines: number of items that are kept.
        max_bytes: of the lines that are kept, unless a single one is larger.
        is_descending: whether the largest are the first.
    """

    def __init__(self, max_lines: int, max_bytes: int, *, is_descending: bool) -> None:
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._is_descending = is_descending
        self._items: list[Selected] = []
        self._bytes = 0
        self._dropped: Selected | None = None

    def needs(self, part: Part) -> bool:
        """Whether lines of `part` can be among the first."""
        if self._dropped is None:
            return True
        if self._is_descending:
            return part.latest >= self._dropped[0]
        return part.earliest <= self._dropped[0]

    def add(self, items: list[Selected]) -> None:
        """Add items, and drop those that are not among the first."""
        self._items += items
        self._bytes += sum(map(len, map(_line, items)))
        if len(self._items) > self._max_lines or self._bytes > self._max_bytes:
            self._cut()

    def lines(self) -> Lines:
        """Return the first lines."""
        self._cut()
        return Lines(list(map(_line, self._items)), self._dropped is None)

    def _cut(self) -> None:
        """Drop what is after the limits, and what is after the first item that was dropped before."""
        self._items.sort()
        if self._is_descending:
            self._items.reverse()
        # What follows a dropped item is dropped too: between them that item would be missing.
        allowed = len(self._items) if self._dropped is None else self._place_of(self._dropped)
        sizes = list(accumulate(map(len, map(_line, self._items[:allowed]))))
        kept = min(allowed, self._max_lines, max(bisect_right(sizes, self._max_bytes), 1))
        if kept < allowed:
            self._dropped = self._items[kept]
        del self._items[kept:]
        self._bytes = sizes[kept - 1] if kept else 0

    def _place_of(self, item: Selected) -> int:
        if not self._is_descending:
            return bisect_left(self._items, item)
        lower, upper = 0, len(self._items)
        while lower < upper:
            middle = (lower + upper) // 2
            if self._items[middle] > item:
                lower = middle + 1
            else:
                upper = middle
        return lower
