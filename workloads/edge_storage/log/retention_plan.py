"""Decides which segment retention drops next. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
import orjson

from edge_storage.log.segment_index import Segment
from edge_storage.timestamps import from_milliseconds
from edge_wire.messages import format_timestamp
from edge_wire.store import Cursor


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept.

    Attributes:
        max_bytes: of all files of the store on the disk; None for no limit.
        max_age: of readings by `received_at`, in milliseconds; None for no limit.
    """

    max_bytes: int | None = None
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """A segment to drop.

    Attributes:
        segment: the segment.
        is_forwarded: whether every sink has delivered all of its readings.
        reason: which limit it exceeds, for the log.
    """

    segment: Segment
    is_forwarded: bool
    reason: str


def next_drop(
    segments: Sequence[Segment], sinks: Iterable[Cursor], limits: Limits, *, used_bytes: int, now: int
) -> Drop | None:
    """Return the segment that must be dropped next; None if the limits are kept.

    Forwarded segments are dropped before others, the oldest first.

    Args:
        segments: all, in the order of their offsets.
        sinks: the cursor of every sink that has one; without any, all readings count as forwarded.
        limits: what may be kept.
        used_bytes: of all files of the store on the disk.
        now: the time, in milliseconds since 1970.
    """
    cursors = tuple(sinks)
    if limits.max_age is not None:
        cutoff = now - limits.max_age
        old = [each for each in segments if each.received_to < cutoff]
        if old:
            return _first(old, cursors, "older than the retention's maxAge")
    if limits.max_bytes is not None and used_bytes > limits.max_bytes and segments:
        return _first(segments, cursors, "more bytes than the retention's maxSize")
    return None


def _first(segments: Sequence[Segment], cursors: tuple[Cursor, ...], reason: str) -> Drop:
    for segment in segments:
        if all(cursor.has_all(segment.first_offset, segment.last_offset) for cursor in cursors):
            return Drop(segment, is_forwarded=True, reason=reason)
    return Drop(segments[0], is_forwarded=False, reason=reason)


class DroppedReadings(msgspec.Struct, frozen=True):
    """What retention has dropped since the store was created.

    Attributes:
        forwarded: number of readings that every sink had received.
        unforwarded: number of other readings.
        unforwarded_from: earliest `received_at` of these.
        unforwarded_to: latest `received_at` of these.
        unforwarded_at: when the last of these were dropped.
    """

    forwarded: int = 0
    unforwarded: int = 0
    unforwarded_from: str | None = None
    unforwarded_to: str | None = None
    unforwarded_at: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the record in `text`; an empty one if it is unreadable."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError:
            return cls()

    def encode(self) -> str:
        """Return the record as JSON."""
        return orjson.dumps(msgspec.structs.asdict(self)).decode()

    def add(self, drop: Drop, now: int) -> "DroppedReadings":
        """Return the record after `drop` at the time `now`, in milliseconds since 1970."""
        segment = drop.segment
        if drop.is_forwarded:
            return msgspec.structs.replace(self, forwarded=self.forwarded + segment.count)
        first, last = _time(segment.received_from), _time(segment.received_to)
        return DroppedReadings(
            self.forwarded,
            self.unforwarded + segment.count,
            min(self.unforwarded_from or first, first),
            max(self.unforwarded_to or last, last),
            _time(now),
        )


def _time(milliseconds: int) -> str:
    return format_timestamp(from_milliseconds(milliseconds))
