"""Downsampling: one value for each bucket of time, sensor type and unit."""

import datetime as dt
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from edge_storage.log.line import TIME_CHARACTERS, head
from edge_storage.log.selection import END_MILLISECONDS, time_text
from edge_storage.timestamps import to_milliseconds
from edge_wire.store.reading_query import Aggregate, Buckets

_SCALE = 2.0**-64
"""A power of two, so that scaling a sum by it is exact."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The value of a bucket, for a sensor type and a unit.

    Attributes:
        begin: of the bucket, in milliseconds since 1970.
        end: of the bucket, exclusive, in milliseconds since 1970.
        sensor_type: of the readings.
        unit: of the readings and of `value`.
        value: the aggregate; always finite.
        count: number of readings.
    """

    begin: int
    end: int
    sensor_type: str
    unit: str
    value: float
    count: int

    def to_object(self) -> dict[str, str | float | int]:
        """Return the summary as a JSON object."""
        return {
            "from": time_text(self.begin).decode(),
            "to": time_text(min(self.end, END_MILLISECONDS - 1)).decode(),
            "sensor_type": self.sensor_type,
            "unit": self.unit,
            "value": self.value,
            "count": self.count,
        }


class _Reading(msgspec.Struct):
    """What is needed of a line."""

    sensor_type: str = ""
    unit: str = ""
    value: float | None = None


class _Group:
    """The values of a bucket for a sensor type and a unit."""

    __slots__ = ("count", "largest", "last", "scale", "smallest", "total")

    def __init__(self, value: float) -> None:
        self.count = 1
        self.last = self.smallest = self.largest = self.total = value
        self.scale = 1.0

    def add(self, value: float) -> None:
        self.count += 1
        self.last = value
        if value < self.smallest:
            self.smallest = value
        elif value > self.largest:
            self.largest = value
        total = self.total + value * self.scale
        if not math.isfinite(total):
            # The sum of finite values may be too large for a float; their mean never is.
            self.scale = _SCALE
            total = self.total * _SCALE + value * _SCALE
        self.total = total

    def value(self, aggregate: Aggregate) -> float:
        if aggregate is Aggregate.LAST:
            return self.last
        if aggregate is Aggregate.MIN:
            return self.smallest
        if aggregate is Aggregate.MAX:
            return self.largest
        # Rounding must not take the mean of equal values beyond them.
        mean = self.total / self.count
        return max(self.smallest, min(self.largest, mean if self.scale == 1.0 else mean / self.scale))


_Groups = dict[tuple[str, str], _Group]


def summaries(lines: Iterable[bytes], device_id: str, buckets: Buckets) -> Iterator[tuple[Summary, ...]]:
    """Yield the summaries of each bucket that has readings; buckets are aligned to 1970.

    Args:
        lines: of the device, in the order of time; read one after the other.
        device_id: of all lines.
        buckets: their length, and how the values become one.
    """
    start = len(head(device_id))
    stop = start + TIME_CHARACTERS
    decode = msgspec.json.Decoder(_Reading).decode
    every, aggregate = buckets.every, buckets.aggregate
    groups: _Groups = {}
    begin, end_text = 0, b""
    for line in lines:
        time = line[start:stop]
        if time >= end_text:
            if groups:
                yield _summed(groups, begin, every, aggregate)
            groups = {}
            begin = _milliseconds(time) // every * every
            end_text = time_text(begin + every)
        reading = decode(line)
        value = reading.value
        if value is None:
            continue  # It was infinite after the conversion of its unit, which JSON cannot express.
        group = groups.get((reading.sensor_type, reading.unit))
        if group is None:
            groups[reading.sensor_type, reading.unit] = _Group(value)
        else:
            group.add(value)
    if groups:
        yield _summed(groups, begin, every, aggregate)


def _summed(groups: _Groups, begin: int, every: int, aggregate: Aggregate) -> tuple[Summary, ...]:
    return tuple(
        Summary(begin, begin + every, sensor_type, unit, group.value(aggregate), group.count)
        for (sensor_type, unit), group in sorted(groups.items())
    )


def _milliseconds(time: bytes) -> int:
    return to_milliseconds(dt.datetime.fromisoformat(f"{time[:-1].decode()}+00:00"))
