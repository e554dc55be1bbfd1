"""Which stored readings a sink has delivered, which are under way, and which it must read from the store. Pure."""

from collections.abc import Iterator, Sequence

from edge_wire.store import Cursor, LogPage
from edge_wire.store.line import offset_of

Entry = tuple[int, bytes]
"""A stored reading: its offset, and the reading as `cloud/sensors` has it."""

MAX_BETWEEN_READINGS = 64
"""Maximum number of readings that are read in vain to read two gaps at once."""


class Ledger:
    """The account of one sink.

    Attributes:
        delivered: readings that the destination has acknowledged, and offsets without a reading.
        taken: these, and all readings that wait or are in flight.
        settled: up to this offset, readings that are not taken are missing; newer ones may still arrive live.
    """

    def __init__(self) -> None:
        self.delivered = Cursor()
        self.taken = Cursor()
        self.settled = 0
        self._oldest_live: int | None = None
        self._begun = False

    def begin(self, stored: Cursor | None, newest_offset: int) -> None:
        """Start from the `stored` cursor; without one, at the readings up to `newest_offset` that did not come live."""
        if stored is None:
            before_live = newest_offset if self._oldest_live is None else self._oldest_live - 1
            stored = Cursor(min(newest_offset, before_live))
        self.delivered = self.delivered.union(stored)
        self.taken = self.taken.union(stored)
        self._begun = True

    @property
    def has_gap(self) -> bool:
        """Whether a stored reading is not taken."""
        return self.taken.done < self.settled

    @property
    def has_begun(self) -> bool:
        """Whether the cursor is known."""
        return self._begun

    def take_live(self, entries: Sequence[Entry]) -> list[Entry]:
        """Take newly stored readings, in the order of their offsets; return those that are not taken yet."""
        if self._oldest_live is None and entries:
            self._oldest_live = entries[0][0]
        is_new = bool(entries) and entries[0][0] > self.taken.highest
        new = list(entries) if is_new else [each for each in entries if not self.taken.has(each[0])]
        for first, last in runs(new):
            self.taken = self.taken.confirm(first, last)
        return new

    def release(self, entries: Sequence[Entry]) -> None:
        """Record that readings which were taken are not delivered by their taker: they are missing again.

        Args:
            entries: in the order of their offsets; none of them is in flight.
        """
        for first, last in runs(entries):
            self.taken = _without(self.taken, first, last)

    def settle(self, offset: int) -> None:
        """Record that all readings up to `offset` are stored, and that those which are not taken do not come live."""
        self.settled = max(self.settled, offset)

    def confirm(self, entries: Sequence[Entry]) -> None:
        """Record that readings are delivered; `entries` are in the order of their offsets."""
        for first, last in runs(entries):
            self.delivered = self.delivered.confirm(first, last)

    def gap(self, most_readings: int) -> tuple[int, int] | None:
        """Return the offsets, first and last, to read next: of at most `most_readings`. None if none is missing."""
        gaps = self.taken.missing(self.settled) if self._begun else ()
        if not gaps:
            return None
        first, end = gaps[0]
        for next_first, next_end in gaps[1:]:
            if next_first - end > MAX_BETWEEN_READINGS:
                break
            end = next_end
        return first, min(end, first + most_readings - 1)

    def take_page(self, first: int, page: LogPage) -> list[Entry]:
        """Take the readings of a page of the log that begins at the offset `first`; return those not taken yet.

        Offsets without a reading are delivered: they never had one, or it was deleted.
        """
        entries = entries_of(page.lines)
        end = min(entries[-1][0] if entries else page.newest_offset, self.settled)
        if entries and entries[-1][0] <= end and not self._has_some(first, end):
            new = entries
        else:
            new = [entry for entry in entries if entry[0] <= end and not self.taken.has(entry[0])]
        present = Cursor(first - 1)
        for run in runs(entries):
            present = present.confirm(*run)
        for absent in present.missing(end):
            self.delivered = self.delivered.confirm(*absent)
        self.taken = self.taken.confirm(first, end)
        return new

    def _has_some(self, first: int, last: int) -> bool:
        """Return whether a reading with an offset from `first` to `last` is taken."""
        return self.taken.missing(last)[-1:] != ((first, last),)

    @property
    def pending_readings(self) -> int:
        """Number of stored readings that are not delivered."""
        return sum(last - first + 1 for first, last in self.delivered.missing(self.settled)) if self._begun else 0


def entries_of(lines: Sequence[bytes]) -> list[Entry]:
    """Return lines, which are in the order of their offsets, with their offsets."""
    if not lines:
        return []
    first, last = offset_of(lines[0]), offset_of(lines[-1])
    if last - first + 1 == len(lines):
        return list(zip(range(first, last + 1), lines, strict=True))
    return [(offset_of(line), line) for line in lines]


def runs(entries: Sequence[Entry]) -> Iterator[tuple[int, int]]:
    """Yield first and last offset of each run of adjacent offsets; `entries` are in the order of their offsets."""
    if not entries:
        return
    first = last = entries[0][0]
    if entries[-1][0] - first + 1 == len(entries):
        yield first, entries[-1][0]
        return
    for offset, _ in entries:
        if offset > last + 1:
            yield first, last
            first = offset
        last = offset
    yield first, last


def _without(cursor: Cursor, first: int, last: int) -> Cursor:
    """Return `cursor` without the offsets from `first` to `last`."""
    done = min(cursor.done, first - 1)
    parts = [(done + 1, cursor.done)] if cursor.done > done else []
    kept: list[tuple[int, int]] = []
    for begin, end in (*parts, *cursor.ranges):
        kept += [part for part in ((begin, min(end, first - 1)), (max(begin, last + 1), end)) if part[0] <= part[1]]
    return Cursor(done, tuple(kept))
