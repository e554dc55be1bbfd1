"""Judges what has arrived at one sink by what is stored; pure.

A reading may arrive more than once, always with the same site, log, offset and content. A device's first arrivals are
those of two lanes, live and backlog, each in the order of the offsets; of each ingester that was one.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.crash.evidence import Alert, Evidence, Fault, Key, SinkEvidence, Stored

Place = tuple[str, str, int]
"""Site, log and offset: what identifies a reading at a sink."""


@dataclass
class SinkChecker:
    """Judges the rounds of a run, one after the other.

    Attributes:
        name: of the sink.
    """

    name: str
    _readings: dict[Place, int] = field(default_factory=dict, init=False)
    """The digest of what has arrived."""
    _offsets: set[int] = field(default_factory=set, init=False)
    _alerts: dict[tuple[str, str], int] = field(default_factory=dict, init=False)
    """The digest of alerts that have arrived, by id and state."""
    _newest: int = field(default=-1, init=False)
    """The highest offset of earlier rounds."""
    _place: tuple[str, str] | None = field(default=None, init=False)
    """Site and log of the first reading: all others have the same."""

    def check(self, round_: Evidence, arrived: SinkEvidence) -> tuple[Mapping[Fault, list[str]], int]:
        """Return the faults of the next round, and the number of repeats."""
        found: dict[Fault, list[str]] = defaultdict(list)
        stored = {each.offset: each.key for each in round_.stored}
        new, repeats = self._take_readings(arrived, stored, found)
        missing = (each for each in round_.stored if each.offset not in self._offsets)
        found[Fault.NOT_AT_SINK] += (f"{self.name}: {each}" for each in missing)
        for device, offsets in new.items():
            if (lanes := increasing_series(offsets)) > round_.lanes:
                found[Fault.SINK_ORDER].append(f"{self.name}: {device} has {lanes} series of offsets")
        self._take_alerts(arrived.alerts, found)
        quiet = (each for each in round_.alerts_stored if (each.alert_id, each.state) not in self._alerts)
        found[Fault.ALERT_NOT_AT_SINK] += (f"{self.name}: {each}" for each in quiet)
        found[Fault.SINK_DEAD_LETTER] += [f"see GET /v1/dead-letters?sink={self.name}"] * arrived.dead_letters
        self._newest = max((self._newest, *stored))
        return found, repeats

    def _take_readings(
        self, arrived: SinkEvidence, stored: Mapping[int, Key], found: dict[Fault, list[str]]
    ) -> tuple[Mapping[str, list[int]], int]:
        """Return the offsets of first arrivals by device, in order, and the number of repeats."""
        new, repeats = defaultdict[str, list[int]](list), 0
        for each in arrived.readings:
            place = each.site, each.log, each.offset
            if (was := self._readings.setdefault(place, each.digest)) != each.digest:
                found[Fault.SINK_REPEAT_DIFFERS].append(f"{self.name}: {each}")
            if each.offset in self._offsets:
                repeats += was == each.digest
            else:
                self._offsets.add(each.offset)
                new[each.key.device].append(each.offset)
            self._place = self._place or place[:2]
            is_other = each.offset > self._newest and stored.get(each.offset) != each.key
            if is_other or place[:2] != self._place:
                found[Fault.AT_SINK_ONLY].append(f"{self.name}: {each}")
        return new, repeats

    def _take_alerts(self, arrived: Iterable[Alert], found: dict[Fault, list[str]]) -> None:
        for each in arrived:
            if self._alerts.setdefault((each.alert_id, each.state), each.digest) != each.digest:
                found[Fault.SINK_REPEAT_DIFFERS].append(f"{self.name}: {each}")

    def has(self, stored: Iterable[Stored], alerts: Iterable[Alert], arrived: SinkEvidence) -> bool:
        """Return whether all readings and alerts have arrived; for a round that is not judged yet."""
        now = {each.offset for each in arrived.readings}
        raised = {(each.alert_id, each.state) for each in arrived.alerts}
        is_each = all(each.offset in now or each.offset in self._offsets for each in stored)
        return is_each and all((each.alert_id, each.state) in raised for each in alerts)


def increasing_series(offsets: Sequence[int]) -> int:
    """Return the least number of increasing series that offsets, in the order of their arrival, are made of."""
    # Each offset continues the series with the highest end below it (patience sorting); the ends stay sorted.
    ends: list[int] = []
    for offset in offsets:
        at = bisect.bisect_left(ends, offset)
        if at == 0:
            ends.insert(0, offset)
        else:
            ends[at - 1] = offset
    return len(ends)
