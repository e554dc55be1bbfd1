"""The judgement of what has arrived at a sink: each fault is found, and what is right is not called wrong."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.crash.checker import Checker
from benchmarks.crash.evidence import Alert, Arrival, Evidence, Fault, Key, Published, Rule, SinkEvidence, Stored
from benchmarks.crash.sinks.checker import increasing_series

RULE = Rule(above=80, clear=75)
SITE, LOG = "default/plant", "a" * 32
PAIR = [Alert("d1", "a1", "firing", 1), Alert("d1", "a1", "cleared", 2)]


def arrival(stored: Stored) -> Arrival:
    return Arrival(SITE, LOG, stored.offset, stored.key, stored.offset * 7)


def evidence(seqs: range, arrived: Callable[[list[Arrival]], list[Arrival]] = lambda each: each) -> Evidence:
    """Return a round in which everything else is right; seqs are the offsets."""
    stored = [Stored(Key("d1", "s", seq), seq, 90.0 if seq == 3 else 20.0) for seq in seqs]
    published = [Published(each.key, each.offset, 1) for each in stored]
    alerts = PAIR if 3 in seqs else []
    sink = SinkEvidence(arrived([arrival(each) for each in stored]), alerts)
    return Evidence(frozenset(each.key for each in stored), stored, published, alerts, alerts, sinks={"cloud": sink})


def faults(round_: Evidence, checker: Checker | None = None) -> dict[Fault, int]:
    return {each.fault: each.count for each in (checker or Checker(RULE)).check(round_).violations}


CASES: list[tuple[str, Callable[[list[Arrival]], list[Arrival]], dict[Fault, int]]] = [
    ("all in order", lambda each: each, {}),
    ("two never came", lambda each: each[2:], {Fault.NOT_AT_SINK: 2}),
    ("repeats", lambda each: [*each, *each[2:5]], {}),
    ("a repeat with other content", lambda each: [*each, each[4]._replace(digest=1)], {Fault.SINK_REPEAT_DIFFERS: 1}),
    ("one that is not stored", lambda each: [*each, each[4]._replace(offset=99)], {Fault.AT_SINK_ONLY: 1}),
    (
        "one with the offset of another",
        lambda each: [*each[:-1], each[-1]._replace(key=Key("d1", "s", 2))],
        {Fault.AT_SINK_ONLY: 1},
    ),
    ("one of another log", lambda each: [*each[:-1], each[-1]._replace(log="b")], {Fault.AT_SINK_ONLY: 1}),
    ("one of another site", lambda each: [*each[:-1], each[-1]._replace(site="b")], {Fault.AT_SINK_ONLY: 1}),
    ("live before the backlog", lambda each: [*each[6:8], *each[:3], *each[8:], *each[3:6]], {}),
    ("backwards", lambda each: each[::-1], {Fault.SINK_ORDER: 1}),
]


@pytest.mark.parametrize(("change", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_readings(change: Callable[[list[Arrival]], list[Arrival]], found: dict[Fault, int]) -> None:
    assert faults(evidence(range(10), change)) == found


@pytest.mark.parametrize(
    ("alerts", "found"),
    [
        pytest.param([*PAIR, PAIR[0]], {}, id="a repeat"),
        pytest.param(PAIR[:1], {Fault.ALERT_NOT_AT_SINK: 1}, id="the end never came"),
        pytest.param([*PAIR, PAIR[1]._replace(digest=9)], {Fault.SINK_REPEAT_DIFFERS: 1}, id="a repeat differs"),
    ],
)
def test_alerts(alerts: Sequence[Alert], found: dict[Fault, int]) -> None:
    round_ = evidence(range(10))
    assert faults(replace(round_, sinks={"cloud": replace(round_.sinks["cloud"], alerts=alerts)})) == found


def test_also_with_a_killed_broker_what_is_stored_must_arrive() -> None:
    round_ = replace(evidence(range(10), lambda each: each[1:]), is_broker_killed=True)
    assert faults(round_) == {Fault.NOT_AT_SINK: 1}


def test_a_dead_letter_and_a_deceived_connection() -> None:
    round_ = evidence(range(10))
    sinks = {"cloud": replace(round_.sinks["cloud"], dead_letters=2)}
    found = faults(replace(round_, sinks=sinks, deceived=1))
    assert found == {Fault.SINK_DEAD_LETTER: 2, Fault.DECEIVED: 1}


def test_a_reading_that_came_in_an_earlier_round_may_come_again() -> None:
    checker, first = Checker(RULE), evidence(range(10))
    checker.check(first)
    again = list(first.sinks["cloud"].readings[4:6])
    verdict = checker.check(evidence(range(10, 20), lambda each: [*again, *each]))
    assert (verdict.violations, verdict.repeats) == ((), 2)


def test_more_ingesters_have_more_lanes() -> None:
    round_ = evidence(range(10), lambda each: [*each[7:], *each[5:7], *each[3:5], *each[:3]])
    assert faults(round_) == {Fault.SINK_ORDER: 1}
    assert faults(replace(round_, lanes=4)) == {}


@given(st.lists(st.integers(0, 30), unique=True, max_size=12))
def test_the_number_of_series_is_the_length_of_the_longest_decrease(offsets: list[int]) -> None:
    longest = [1] * len(offsets)
    for at, offset in enumerate(offsets):
        longest[at] = 1 + max((longest[was] for was in range(at) if offsets[was] > offset), default=0)
    assert increasing_series(offsets) == max(longest, default=0)
