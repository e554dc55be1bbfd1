"""Which lines of a device a query selects: by measuring time, sensor type and the place where a page ended."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, repeat

import msgspec

from edge_storage.log.line import TIME_CHARACTERS, head, offset_of
from edge_storage.timestamps import from_milliseconds
from edge_wire.messages import format_timestamp
from edge_wire.store.reading_query import ReadingQuery

FIRST_MILLISECONDS = -62_135_596_800_000
"""Milliseconds since 1970 of the year 1, the earliest time that a line can have."""

END_MILLISECONDS = 253_402_300_800_000
"""Milliseconds since 1970 of the year 10000: all times of lines are earlier."""

_LATER_THAN_ALL = b":"
"""Sorts after every digit, and so after every time."""


Selected = tuple[bytes, int, int, bytes]
"""Time, number of the part, number in the part, and the line: sorted, lines are in the order of time and offset."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """The place of a line in the order of time.

    Attributes:
        timestamp: of the line, as in the line.
        offset: of the line.
    """

    timestamp: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The lines of a device that a query selects.

    Attributes:
        device_id: of the device.
        begin: earliest `timestamp`, in milliseconds since 1970.
        end: all lines are earlier, in milliseconds since 1970.
        sensor_type: of the lines; None selects every type.
        after: the last line that the query has had already; None at the beginning.
        is_newest_first: whether the latest time comes first.
    """

    device_id: str
    begin: int = FIRST_MILLISECONDS
    end: int = END_MILLISECONDS
    sensor_type: str | None = None
    after: Position | None = None
    is_newest_first: bool = False

    def window(self) -> tuple[bytes, bytes]:
        """Return the times between which the selected lines are: from the first, before the second."""
        begin, end = time_text(self.begin), time_text(self.end)
        if self.after is None:
            return begin, end
        if self.is_newest_first:
            return begin, min(end, self.after.timestamp + b"\0")
        return max(begin, self.after.timestamp), end

    def overlaps(self, earliest: bytes, latest: bytes) -> bool:
        """Whether lines with times from `earliest` to `latest`, as in lines, may be selected."""
        first, last = self.window()
        return earliest < last and latest >= first

    def select(self, lines: Sequence[bytes], part: int) -> Iterator[Selected]:
        """Yield the selected lines.

        Args:
            lines: all of this device.
            part: number of the part that they are of.
        """
        begin = len(head(self.device_id))
        end = begin + TIME_CHARACTERS
        times = [line[begin:end] for line in lines]
        first, last = self.window()
        found: Iterable[Selected] = zip(times, repeat(part), range(len(lines)), lines, strict=False)
        if times and not (first <= min(times) and max(times) < last):
            found = compress(found, [first <= time < last for time in times])
        if self.sensor_type is not None:
            matches = TypeFilter(self.sensor_type, end)
            found = (each for each in found if matches(each[3]))
        if self.after is not None and self.after.timestamp in times:
            found = (each for each in found if self._follows(each[0], each[3]))
        return iter(found)

    def _follows(self, time: bytes, line: bytes) -> bool:
        if self.after is None or time != self.after.timestamp:
            return True
        offset = offset_of(line)
        return offset < self.after.offset if self.is_newest_first else offset > self.after.offset


def selection_of(device_id: str, query: ReadingQuery) -> Selection:
    """Return the lines of a device that `query` asks for."""
    return Selection(
        device_id,
        FIRST_MILLISECONDS if query.begin is None else query.begin,
        END_MILLISECONDS if query.end is None else query.end,
        query.sensor_type,
        is_newest_first=query.is_newest_first,
    )


class _SensorType(msgspec.Struct):
    sensor_type: str = ""


class TypeFilter:
    """Whether lines are of a sensor type. Most are decided by their bytes, the others by their JSON.

    Args:
        sensor_type: of the lines.
        position: where the time of each line ends, in bytes from its start.
    """

    def __init__(self, sensor_type: str, position: int) -> None:
        self._sensor_type = sensor_type
        self._start = position + 1
        self._member = b',"sensor_type":'
        self._same = self._member + json.dumps(sensor_type, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._decode = msgspec.json.Decoder(_SensorType).decode

    def __call__(self, line: bytes) -> bool:
        """Whether `line` is of the type."""
        if line.startswith(self._same, self._start):
            return True
        if line.startswith(self._member, self._start) and b"\\" not in line:
            return False
        return self._decode(line).sensor_type == self._sensor_type


def lines_of_device(body: bytes, device_id: str) -> list[bytes]:
    """Return the lines of a device in the body of a batch, which has lines of many devices."""
    start = head(device_id)
    if start not in body:
        return []
    return [line for line in body.split(b"\n") if line.startswith(start)]


def position_of(line: bytes, device_id: str) -> Position:
    """Return the place of a line of `device_id`."""
    begin = len(head(device_id))
    return Position(line[begin : begin + TIME_CHARACTERS], offset_of(line))


def time_text(milliseconds: int) -> bytes:
    """Return a time, in milliseconds since 1970, as in lines; one after all for the year 10000 and later."""
    if milliseconds >= END_MILLISECONDS:
        return _LATER_THAN_ALL
    return format_timestamp(from_milliseconds(max(milliseconds, FIRST_MILLISECONDS))).encode()
