"""The judgement of a round: each fault is found, and what is right is not called wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.crash.checker import Checker
from benchmarks.crash.evidence import Alert, Evidence, Fault, Key, Published, Rule, Stored, Verdict

RULE = Rule(above=80, clear=75)
COOL, HOT = 20.0, 90.0


def evidence(seqs: range, first_offset: int = 0, values: dict[int, float] | None = None) -> Evidence:
    """Return a round in which everything is right: one device, one reading for each seq."""
    keys = [Key("d1", "s", seq) for seq in seqs]
    values = values or {}
    stored = [Stored(key, first_offset + at, values.get(key.seq, COOL)) for at, key in enumerate(keys)]
    published = [Published(each.key, each.offset, each.offset * 7) for each in stored]
    return Evidence(frozenset(keys), stored, published, [], [])


def faults(verdict: Verdict) -> dict[Fault, int]:
    return {each.fault: each.count for each in verdict.violations}


def test_two_rounds_in_which_everything_is_right() -> None:
    checker = Checker(RULE)
    assert faults(checker.check(evidence(range(10)))) == {}
    assert faults(checker.check(evidence(range(10, 30), 10))) == {}


Change = Callable[[Evidence], Evidence]
ALERT = Alert("d1", "a1", "firing", 3)

CASES: list[tuple[str, Change, dict[Fault, int]]] = [
    ("one is not stored", lambda e: replace(e, stored=e.stored[1:], published=e.published[1:]), {Fault.NOT_STORED: 1}),
    (
        "one is stored twice, at two offsets",
        lambda e: replace(
            e,
            stored=[*e.stored, e.stored[0]._replace(offset=10)],
            published=[*e.published, e.published[0]._replace(offset=10)],
        ),
        {Fault.STORED_TWICE: 1},
    ),
    ("two never came out", lambda e: replace(e, published=e.published[:-2]), {Fault.NOT_OUT: 2}),
    (
        "one came out that is not stored",
        lambda e: replace(e, published=[*e.published, Published(Key("d1", "s", 99), 99, 1)]),
        {Fault.OUT_ONLY: 1},
    ),
    (
        "one came out with the offset of another",
        lambda e: replace(e, published=[*e.published[1:], e.published[0]._replace(key=Key("d1", "s", 5))]),
        {Fault.OUT_ONLY: 1},
    ),
    (
        "a repeat differs",
        lambda e: replace(e, published=[*e.published, e.published[3]._replace(digest=1)]),
        {Fault.REPEAT_DIFFERS: 1},
    ),
    (
        "an alert that no reading explains",
        lambda e: replace(e, alerts_stored=[ALERT], alerts_published=[ALERT]),
        {Fault.ALERT_NOT_RAISED: 1},
    ),
    ("a dead letter", lambda e: replace(e, dead_letters=1), {Fault.DEAD_LETTER: 1}),
]


@pytest.mark.parametrize(("change", "found"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_fault_is_found(change: Change, found: dict[Fault, int]) -> None:
    assert faults(Checker(RULE).check(change(evidence(range(10))))) == found


def test_a_repeat_is_counted_and_right() -> None:
    checker, first = Checker(RULE), evidence(range(10))
    checker.check(first)
    second = evidence(range(10, 20), 10)
    verdict = checker.check(replace(second, published=[*first.published[4:6], *second.published, second.published[0]]))
    assert (faults(verdict), verdict.repeats) == ({}, 3)


def test_a_repeat_of_an_earlier_round_that_differs_is_found() -> None:
    checker, first = Checker(RULE), evidence(range(10))
    checker.check(first)
    second = evidence(range(10, 20), 10)
    changed = first.published[4]._replace(digest=1)
    assert faults(checker.check(replace(second, published=[changed, *second.published]))) == {Fault.REPEAT_DIFFERS: 1}


def test_a_reading_of_an_earlier_round_that_is_stored_again_is_found() -> None:
    checker = Checker(RULE)
    checker.check(evidence(range(10)))
    assert faults(checker.check(evidence(range(9, 20), 10))) == {Fault.STORED_TWICE: 1}


def test_losses_with_a_killed_broker_are_counted_only() -> None:
    whole = evidence(range(10))
    lossy = replace(whole, stored=whole.stored[1:], published=whole.published[3:], is_broker_killed=True)
    verdict = Checker(RULE).check(lossy)
    assert (faults(verdict), verdict.lost_by_broker, verdict.unsent_by_broker) == ({}, 1, 2)


def test_also_with_a_killed_broker_nothing_is_stored_twice() -> None:
    whole = evidence(range(10))
    twice = replace(whole, stored=[*whole.stored, whole.stored[0]._replace(offset=10)], is_broker_killed=True)
    assert faults(Checker(RULE).check(twice)) == {Fault.STORED_TWICE: 1}


def hot(alerts: list[Alert], published: list[Alert]) -> Evidence:
    """Return a round in which seq 3 fires and seq 4 clears, with these alerts."""
    return replace(evidence(range(10), values={3: HOT}), alerts_stored=alerts, alerts_published=published)


PAIR = [Alert("d1", "a1", "firing", 1), Alert("d1", "a1", "cleared", 2)]


@pytest.mark.parametrize(
    ("alerts", "published", "found"),
    [
        pytest.param(PAIR, PAIR, {}, id="a pair"),
        pytest.param(PAIR, [*PAIR, PAIR[0]], {}, id="a repeat"),
        pytest.param(PAIR, PAIR[:1], {Fault.ALERT_NOT_OUT: 1}, id="the end never came out"),
        pytest.param(PAIR[:1], PAIR[:1], {Fault.ALERT_NOT_RAISED: 1}, id="the end was not raised"),
        pytest.param([], [], {Fault.ALERT_NOT_RAISED: 1}, id="nothing was raised"),
        pytest.param(
            [PAIR[0], PAIR[1]._replace(alert_id="a2")],
            [PAIR[0], PAIR[1]._replace(alert_id="a2")],
            {Fault.ALERT_NOT_RAISED: 1},
            id="another id at the end",
        ),
        pytest.param(PAIR, [*PAIR, PAIR[0]._replace(digest=9)], {Fault.ALERT_DIFFERS: 1}, id="a repeat differs"),
    ],
)
def test_alerts(alerts: list[Alert], published: list[Alert], found: dict[Fault, int]) -> None:
    assert faults(Checker(RULE).check(hot(alerts, published))) == found


def test_an_alert_may_clear_in_a_later_round() -> None:
    checker = Checker(RULE)
    first = replace(evidence(range(4), values={3: HOT}), alerts_stored=PAIR[:1], alerts_published=PAIR[:1])
    assert faults(checker.check(first)) == {}
    second = replace(evidence(range(4, 8), 4), alerts_stored=PAIR[1:], alerts_published=PAIR[1:])
    assert faults(checker.check(second)) == {}


@given(lost=st.sets(st.integers(0, 49)), silent=st.sets(st.integers(0, 49)), twice=st.sets(st.integers(0, 49)))
def test_every_fault_is_counted(lost: set[int], silent: set[int], twice: set[int]) -> None:
    whole = evidence(range(50))
    twice, silent = twice - lost, silent - lost - twice
    again = [whole.stored[seq]._replace(offset=100 + seq) for seq in sorted(twice)]
    stored = [each for each in whole.stored if each.key.seq not in lost] + again
    published = [Published(each.key, each.offset, 1) for each in stored if each.key.seq not in silent]
    found = faults(Checker(RULE).check(replace(whole, stored=stored, published=published)))
    wanted = {Fault.NOT_STORED: len(lost), Fault.NOT_OUT: len(silent), Fault.STORED_TWICE: len(twice)}
    assert found == {fault: count for fault, count in wanted.items() if count}
