"""The rounds of a crash run: every combination, the same for the same seed."""

from collections import Counter

import pytest

from benchmarks.crash.script import LINK_KINDS, MATRIX, SHORT, Kind, Target, Times, script, sink_script
from tests.support.link import State

ROUNDS = 30


def test_every_combination_comes_once() -> None:
    rounds = script(5, ROUNDS, Times())
    played = Counter(frozenset((each.target, each.kind) for each in round_) for round_ in rounds)
    assert len(MATRIX) == ROUNDS
    assert played == Counter(map(frozenset, MATRIX))
    assert set(played.values()) == {1}


def test_every_two_parts_fail_in_every_two_ways() -> None:
    kinds = {Kind.KILL, Kind.TERM, Kind.STOP}
    pairs = {frozenset(each) for each in MATRIX if len(each) == 2}
    parts = [(Target.PROCESSOR, Target.STORE), (Target.PROCESSOR, Target.BROKER), (Target.STORE, Target.BROKER)]
    assert {frozenset({(one, a), (two, b)}) for one, two in parts for a in kinds for b in kinds} <= pairs


def test_the_same_seed_is_the_same_script() -> None:
    assert script(7, 40, Times()) == script(7, 40, Times())
    assert script(7, 40, Times()) != script(8, 40, Times())


@pytest.mark.parametrize("times", [Times(), SHORT], ids=["long", "short"])
def test_times_are_within_their_limits(times: Times) -> None:
    for round_ in script(1, 60, times):
        first, *later = (each.at for each in round_)
        assert times.before[0] <= first <= times.before[1]
        assert all(0 <= after - before <= times.apart[1] for before, after in zip([first, *later], later, strict=False))
        for each in round_:
            low, high = times.of(each.kind)
            assert low <= each.lasts <= high


def test_each_failure_has_its_own_times() -> None:
    times = Times(restart=(1, 2), stopped=(3, 4), disturbed=(5, 6))
    found = [times.of(kind) for kind in (Kind.KILL, Kind.TERM, Kind.STOP, Kind.BLACK_HOLE)]
    assert found == [(1, 2), (1, 2), (3, 4), (5, 6)]


SINKS = (Target.CLOUD, Target.KAFKA)


def test_in_eight_rounds_the_link_fails_in_each_way_and_both_sinks_fail_at_once() -> None:
    rounds = sink_script(5, 8, Times(), SINKS)
    assert sorted(each.kind for round_ in rounds for each in round_ if each.target is Target.LINK) == sorted(LINK_KINDS)
    assert {Target.PROCESSOR, *SINKS} in [{each.target for each in round_} for round_ in rounds]


def test_the_link_fails_in_all_its_states_but_one() -> None:
    assert sorted(map(str, LINK_KINDS)) == sorted(map(str, {*State} - {State.UP}))


def test_a_site_with_one_sink_has_failures_of_that_one_only() -> None:
    rounds = sink_script(1, 40, Times(), [Target.CLOUD])
    assert Target.KAFKA not in {each.target for round_ in rounds for each in round_}
    assert sink_script(1, 40, Times(), [Target.CLOUD]) == rounds
