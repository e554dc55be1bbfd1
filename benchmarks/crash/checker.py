"""Judges a round of a crash run by what was acknowledged, stored and published; pure.

A broker that is killed loses what it has acknowledged and not passed on yet, to the processor or to a subscriber. Such
losses are counted and are not violations; everything else is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.crash.evidence import Alert, Evidence, Fault, Key, Rule, Stored, Verdict, Violation
from benchmarks.crash.sinks.checker import SinkChecker

FIRING = "firing"
CLEARED = "cleared"


@dataclass
class Checker:
    """Judges the rounds of a run, one after the other.

    Attributes:
        rule: of the alerts.
    """

    rule: Rule
    _seqs: dict[tuple[str, str], int] = field(default_factory=dict)
    """The highest seq of earlier rounds, by device and session."""
    _newest: int = -1
    """The highest offset of earlier rounds."""
    _published: dict[int, int] = field(default_factory=dict)
    """The digest of what came out, by offset."""
    _alerts: dict[tuple[str, str], int] = field(default_factory=dict)
    """The digest of alerts that came out, by id and state."""
    _open: dict[str, str] = field(default_factory=dict)
    """The id of the stored alert that is firing, by device."""
    _firing: set[str] = field(default_factory=set)
    """The devices that are above the rule, by the stored readings."""

    _sinks: dict[str, SinkChecker] = field(default_factory=dict)

    def check(self, round_: Evidence) -> Verdict:
        """Return the judgement of the next round."""
        found: dict[Fault, list[str]] = defaultdict(list)
        keys = Counter(each.key for each in round_.stored)
        missing = round_.acknowledged - keys.keys()
        found[Fault.STORED_TWICE] += self._twice(keys)
        repeats = self._take_published(round_, found)
        silent = [each for each in round_.stored if each.offset not in self._published]
        found[Fault.ALERT_NOT_RAISED] += self._not_raised(round_)
        self._take_alerts(round_.alerts_published, found)
        quiet = [each for each in round_.alerts_stored if (each.alert_id, each.state) not in self._alerts]
        if not round_.is_broker_killed:
            found[Fault.NOT_STORED] += map(str, sorted(missing))
            found[Fault.NOT_OUT] += map(str, silent)
            found[Fault.ALERT_NOT_OUT] += map(str, quiet)
        found[Fault.DEAD_LETTER] += ["see GET /v1/dead-letters"] * round_.dead_letters
        repeats += self._check_sinks(round_, found)
        self._remember(round_.stored)
        violations = tuple(Violation(fault, len(each), each[0]) for fault, each in sorted(found.items()) if each)
        lost, unsent = (len(missing), len(silent) + len(quiet)) if round_.is_broker_killed else (0, 0)
        return Verdict(violations, lost, unsent, repeats)

    def sink(self, name: str) -> SinkChecker:
        """Return the checker of a sink."""
        return self._sinks.setdefault(name, SinkChecker(name))

    def _check_sinks(self, round_: Evidence, found: dict[Fault, list[str]]) -> int:
        """Return the number of repeats at all sinks."""
        repeats = 0
        for name, arrived in round_.sinks.items():
            at_sink, again = self.sink(name).check(round_, arrived)
            repeats += again
            for fault, examples in at_sink.items():
                found[fault] += examples
        found[Fault.DECEIVED] += ["see the log of the link"] * round_.deceived
        return repeats

    def _remember(self, stored: Iterable[Stored]) -> None:
        for key, offset, _ in stored:
            series = key.device, key.session
            self._seqs[series] = max(key.seq, self._seqs.get(series, -1))
            self._newest = max(self._newest, offset)

    def _twice(self, keys: Mapping[Key, int]) -> Iterator[str]:
        # The seqs of a round are all above those of the rounds before: the devices wait for the end of each.
        for key, count in keys.items():
            if count > 1 or key.seq <= self._seqs.get((key.device, key.session), -1):
                yield str(key)

    def _take_published(self, round_: Evidence, found: dict[Fault, list[str]]) -> int:
        """Return the number of repeats."""
        stored, repeats = {each.offset: each.key for each in round_.stored}, 0
        for each in round_.published:
            repeats += each.offset in self._published
            if self._published.setdefault(each.offset, each.digest) != each.digest:
                found[Fault.REPEAT_DIFFERS].append(str(each))
            if each.offset > self._newest and stored.get(each.offset) != each.key:
                found[Fault.OUT_ONLY].append(str(each))
        return repeats

    def _not_raised(self, round_: Evidence) -> Iterator[str]:
        raised, due = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for alert in round_.alerts_stored:
            raised[alert.device].append(alert.state)
            if alert.state == FIRING:
                self._open[alert.device] = alert.alert_id
            elif self._open.pop(alert.device, None) != alert.alert_id:
                yield f"{alert} has another id than the alert that it clears"
        for reading in sorted(round_.stored, key=lambda each: each.offset):
            device = reading.key.device
            if device not in self._firing and reading.value > self.rule.above:
                self._firing.add(device)
                due[device].append(FIRING)
            elif device in self._firing and reading.value < self.rule.clear:
                self._firing.remove(device)
                due[device].append(CLEARED)
        for device in due.keys() | raised.keys():
            if due[device] != raised[device]:
                yield f"{device}: {len(due[device])} changes of state, {len(raised[device])} alerts"

    def _take_alerts(self, published: Iterable[Alert], found: dict[Fault, list[str]]) -> None:
        for each in published:
            if self._alerts.setdefault((each.alert_id, each.state), each.digest) != each.digest:
                found[Fault.ALERT_DIFFERS].append(str(each))
