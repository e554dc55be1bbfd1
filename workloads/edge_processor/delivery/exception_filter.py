"""Report by exception: decides which readings are forwarded. Pure: the times are those of the readings."""

import datetime as dt
import functools
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import orjson

from edge_processor.delivery.forwarding import ForwardingRule
from edge_processor.delivery.ledger import Entry

MAX_SERIES = 100_000
"""Maximum number of devices with a sensor type of which the last forwarded value is kept."""

_FIRST_CHARACTERS = re.compile(
    rb'\{"device_id":"([^"]*)","timestamp":"[^"]*","sensor_type":"([^"\\]*(?:\\.[^"\\]*)*)","value":([-+.0-9eE]+)'
)
_CLOCK_SECONDS = 60.0
"""Beyond this number of seconds a time before that of the last reading means that the site's clock was set back."""

_TIME_BYTES = slice(-26, -2)
_CACHED_TIMES = 64
_CACHED_VALUES = 4096


class _Forwarded(NamedTuple):
    """The last forwarded reading of a series.

    Attributes:
        value: of the reading.
        at: when the site received it, in seconds since 1970.
    """

    value: Decimal
    at: float


class ExceptionFilter:
    """Remembers the last forwarded reading of each device and sensor type, and compares the next ones with it.

    A reading of a sensor type with a rule is forwarded if one of these holds:

    - It is the first one, or the site's clock was set back since the last forwarded one.
    - `max_interval` has passed since the last forwarded one.
    - At least `min_interval` has passed, and the value has moved by more than the deadband.

    Beyond `MAX_SERIES` series, those with the oldest forwarded readings are forgotten: their next readings are
    forwarded.
    """

    def __init__(self, rules: Mapping[str, ForwardingRule], most_series: int = MAX_SERIES) -> None:
        """Prepare.

        Args:
            rules: by sensor type.
            most_series: maximum number of series that are remembered.
        """
        # As a line spells the sensor type: the common case needs no JSON parser.
        self._rules = {orjson.dumps(sensor_type)[1:-1]: rule for sensor_type, rule in rules.items()}
        self._most_series = most_series
        self._last: OrderedDict[tuple[bytes, bytes], _Forwarded] = OrderedDict()

    def blank(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return the readings, in their order, with an empty line in place of each that is not forwarded."""
        return [each if self.forwards(each[1]) else (each[0], b"") for each in entries]

    def forwards(self, line: bytes) -> bool:
        """Return whether a stored reading is forwarded, and remember it if so."""
        found = _FIRST_CHARACTERS.match(line)
        if found is None:
            return True
        rule = self._rules.get(found[2])
        if rule is None:
            return True
        series = found[1], found[2]
        value, at = _decimal(found[3]), _seconds(line[_TIME_BYTES])
        last = self._last.get(series)
        if last is not None and not _is_exception(rule, last, value, at):
            return False
        self._last[series] = _Forwarded(value, at)
        self._last.move_to_end(series)
        if len(self._last) > self._most_series:
            self._last.popitem(last=False)
        return True

    def clear(self) -> None:
        """Forget all: the next reading of each series is forwarded."""
        self._last.clear()


def _is_exception(rule: ForwardingRule, last: _Forwarded, value: Decimal, at: float) -> bool:
    passed = at - last.at
    if passed < -_CLOCK_SECONDS:
        return True
    if rule.max_interval is not None and passed >= rule.max_interval:
        return True
    has_moved = rule.deadband is None or abs(value - last.value) > rule.deadband
    return has_moved and passed >= rule.min_interval


@functools.lru_cache(_CACHED_VALUES)
def _decimal(value: bytes) -> Decimal:
    return Decimal(value.decode())


@functools.lru_cache(_CACHED_TIMES)
def _seconds(received_at: bytes) -> float:
    return dt.datetime.fromisoformat(received_at.decode()).timestamp()
