"""The cursor of a sink: which stored readings it has delivered, by their offsets. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from edge_wire.messages.document import load_object
from edge_wire.messages.malformed import MalformedError, kind

CLOUD_SENSORS = "cloud-sensors"
"""Name of the cursor of the topic `cloud/sensors/{id}`."""

MAX_RANGES = 64
"""Maximum number of ranges in an encoded cursor."""

MAX_OFFSET = 2**63 - 1
"""The largest offset that the store can have."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A set of delivered readings, by their offsets.

    Attributes:
        done: all readings up to this offset are delivered; 0 if the first one is not.
        ranges: first and last offset of each range of newer delivered readings: sorted, disjoint, none adjacent to
            another or to `done`.
    """

    done: int = 0
    ranges: tuple[tuple[int, int], ...] = ()

    def confirm(self, first: int, last: int) -> "Cursor":
        """Return the cursor after the delivery of the readings with the offsets from `first` to `last` (included)."""
        first = max(first, self.done + 1)
        if last < first:
            return self
        begin = bisect_left(self.ranges, first - 1, key=_last)
        end = bisect_right(self.ranges, last + 1, key=_first)
        if begin < end:
            first = min(first, self.ranges[begin][0])
            last = max(last, self.ranges[end - 1][1])
        if first == self.done + 1:
            return Cursor(last, self.ranges[end:])
        return Cursor(self.done, (*self.ranges[:begin], (first, last), *self.ranges[end:]))

    def union(self, other: "Cursor") -> "Cursor":
        """Return the cursor with what either has delivered."""
        joined = self.confirm(1, other.done)
        for first, last in other.ranges:
            joined = joined.confirm(first, last)
        return joined

    def missing(self, upto: int) -> tuple[tuple[int, int], ...]:
        """Return first and last offset of each gap in the readings up to the offset `upto`, oldest first."""
        gaps: list[tuple[int, int]] = []
        next_ = self.done + 1
        for first, last in self.ranges:
            if first > upto:
                break
            gaps.append((next_, first - 1))
            next_ = last + 1
        if next_ <= upto:
            gaps.append((next_, upto))
        return tuple(gaps)

    def has(self, offset: int) -> bool:
        """Return whether the reading with `offset` is delivered."""
        return self.has_all(offset, offset)

    def has_all(self, first: int, last: int) -> bool:
        """Return whether all readings with the offsets from `first` to `last` (included) are delivered."""
        if last <= self.done:
            return True
        place = bisect_left(self.ranges, last, key=_last)
        return place < len(self.ranges) and self.ranges[place][0] <= max(first, self.done + 1)

    @property
    def highest(self) -> int:
        """The largest offset of a delivered reading."""
        return self.ranges[-1][1] if self.ranges else self.done

    def to_object(self) -> dict[str, Any]:
        """Return the cursor as JSON, with at most `MAX_RANGES` ranges: readings in newer ones are delivered again."""
        return {"done": self.done, "ranges": [list(each) for each in self.ranges[:MAX_RANGES]]}

    def encode(self) -> bytes:
        """Return `to_object` as bytes."""
        return orjson.dumps(self.to_object())

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Return the cursor in `text`.

        Raises:
            MalformedError: it is not such a cursor; the message names the field.
        """
        return cls.from_object(load_object(text))

    @classmethod
    def from_object(cls, document: Mapping[str, Any]) -> Self:
        """Return the cursor in a JSON object; other fields are ignored.

        Raises:
            MalformedError: it is not such a cursor; the message names the field.
        """
        done = _offset(document.get("done"), "done")
        ranges = document.get("ranges", [])
        if not isinstance(ranges, list):
            raise MalformedError("type", f"ranges must be an array, not {kind(ranges)}")
        if len(ranges) > MAX_RANGES:
            raise MalformedError("field", f"ranges has {len(ranges)} elements: send at most {MAX_RANGES}, the oldest")
        cursor, previous = Cursor(done), done
        for index, each in enumerate(ranges):
            first, last = _range(each, f"ranges[{index}]")
            if first <= previous:
                raise MalformedError("field", f"ranges[{index}] must begin after {previous}, the end of the one before")
            cursor, previous = cursor.confirm(first, last), last
        return cls(cursor.done, cursor.ranges)


def _first(range_: tuple[int, int]) -> int:
    return range_[0]


def _last(range_: tuple[int, int]) -> int:
    return range_[1]


def _range(value: Any, name: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a first and a last offset
        raise MalformedError("type", f"{name} must be an array of a first and a last offset")
    first, last = (_offset(each, name) for each in value)
    if last < first:
        raise MalformedError("field", f"{name} ends before it begins")
    return first, last


def _offset(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedError("type", f"{name} must be an offset, not {kind(value)}")
    if not 0 <= value <= MAX_OFFSET:
        raise MalformedError("field", f"{name} must be from 0 to {MAX_OFFSET}")
    return value
