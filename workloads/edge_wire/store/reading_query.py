"""Queries of a device's readings by time: their parameters, which the gateway and the store have in common. Pure."""

import datetime as dt
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from edge_wire.goduration import parse_duration
from edge_wire.messages.timestamps import format_timestamp, parse_timestamp

MIN_EVERY_SECONDS = 1.0
MAX_EVERY_SECONDS = 8784 * 3600.0
"""A leap year, in seconds."""

MAX_BUCKETS = 10_000
"""Maximum number of values in an answer."""

MAX_TYPE_CHARACTERS = 256
"""Of the sensor type that a query may ask for."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


class Aggregate(StrEnum):
    """How the values of a bucket become one."""

    AVG = "avg"
    MIN = "min"
    MAX = "max"
    LAST = "last"


class QueryError(ValueError):
    """A parameter is wrong; the message says what is right.

    Attributes:
        parameter: its name.
    """

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class TooManyBucketsError(QueryError):
    """An answer would have more than `MAX_BUCKETS` values."""

    def __init__(self) -> None:
        super().__init__(
            "every", f"the answer would have more than {MAX_BUCKETS} values: use a longer every or a shorter range"
        )


@dataclass(frozen=True, slots=True)
class Buckets:
    """Downsampling.

    Attributes:
        every: length of a bucket, in milliseconds.
        aggregate: how the values of a bucket become one.
    """

    every: int
    aggregate: Aggregate = Aggregate.AVG

    @classmethod
    def parse(cls, every: str, agg: str | None) -> Self:
        """Return the downsampling that parameters ask for.

        Raises:
            QueryError: a parameter is wrong.
        """
        try:
            seconds = parse_duration(every)
        except ValueError as error:
            raise QueryError("every", f"every {error}") from None
        if not MIN_EVERY_SECONDS <= seconds <= MAX_EVERY_SECONDS:
            raise QueryError("every", "every must be from 1s to 8784h")
        milliseconds = round(seconds * 1000)
        if not math.isclose(milliseconds, seconds * 1000, rel_tol=1e-12):
            raise QueryError("every", "every must be a whole number of milliseconds")
        if agg is not None and agg not in set(Aggregate):
            raise QueryError("agg", "agg must be avg, min, max or last")
        return cls(milliseconds, Aggregate(agg or Aggregate.AVG))

    def check_count(self, begin: int, end: int) -> None:
        """Check the number of buckets of a range.

        Args:
            begin: of the range, in milliseconds since 1970.
            end: of the range, in milliseconds since 1970.

        Raises:
            TooManyBucketsError: it has more than `MAX_BUCKETS`.
        """
        if -(-end // self.every) - begin // self.every > MAX_BUCKETS:
            raise TooManyBucketsError


@dataclass(frozen=True, slots=True)
class ReadingQuery:
    """Which readings of a device are asked for.

    Attributes:
        begin: the earliest `timestamp`, in milliseconds since 1970; None is the oldest reading.
        end: all readings are earlier, in milliseconds since 1970; None is the newest reading.
        sensor_type: of the readings; None is every type.
        is_newest_first: whether the latest `timestamp` comes first.
        buckets: how the readings are downsampled; None returns the readings.
    """

    begin: int | None = None
    end: int | None = None
    sensor_type: str | None = None
    is_newest_first: bool = False
    buckets: Buckets | None = None

    @classmethod
    def parse(
        cls,
        begin: str | None = None,
        end: str | None = None,
        sensor_type: str | None = None,
        order: str | None = None,
        every: str | None = None,
        agg: str | None = None,
        *,
        now: dt.datetime,
    ) -> Self:
        """Return the query that the parameters `from`, `to`, `type`, `order`, `every` and `agg` ask for.

        Args:
            begin: the parameter `from`, RFC 3339.
            end: the parameter `to`, RFC 3339.
            sensor_type: the parameter `type`.
            order: `asc` or `desc`; by default `asc` if there is a `from` or a `to`.
            every: a duration as in Go.
            agg: an `Aggregate`.
            now: the time (aware): where a range of buckets without `to` ends.

        Raises:
            QueryError: a parameter is wrong.
        """
        first, last = _milliseconds("from", begin), _milliseconds("to", end)
        if first is not None and last is not None and first >= last:
            raise QueryError("from", "from must be before to")
        if order not in {None, "asc", "desc"}:
            raise QueryError("order", "order must be asc or desc")
        if sensor_type is not None and not 0 < len(sensor_type) <= MAX_TYPE_CHARACTERS:
            raise QueryError("type", f"type must have 1 to {MAX_TYPE_CHARACTERS} characters")
        is_newest_first = order == "desc" or (order is None and begin is None and end is None)
        if every is None:
            if agg is not None:
                raise QueryError("agg", "agg needs every, such as every=1m")
            return cls(first, last, sensor_type, is_newest_first)
        buckets = Buckets.parse(every, agg)
        if first is None:
            raise QueryError("from", "every needs from: the time at which the first bucket begins")
        if order is not None:
            raise QueryError("order", "order cannot be combined with every: buckets are in ascending order")
        last = (now - _EPOCH) // _MILLISECOND + 1 if last is None else last
        buckets.check_count(first, last)
        return cls(first, last, sensor_type, buckets=buckets)

    def to_parameters(self) -> dict[str, str]:
        """Return the parameters, as `parse` reads them."""
        given = {
            "from": _text(self.begin),
            "to": _text(self.end),
            "type": self.sensor_type,
            "order": None if self.buckets else "desc" if self.is_newest_first else "asc",
            "every": None if self.buckets is None else f"{self.buckets.every}ms",
            "agg": None if self.buckets is None else str(self.buckets.aggregate),
        }
        return {name: value for name, value in given.items() if value is not None}


def _milliseconds(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    moment = parse_timestamp(text)
    if moment is None:
        raise QueryError(name, f"{name} must be a time as RFC 3339, such as 2026-01-31T12:00:00Z")
    return (moment - _EPOCH) // _MILLISECOND


def _text(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_timestamp(_EPOCH + milliseconds * _MILLISECOND)
