"""The rounds of a crash run: every combination, the same for the same seed."""

from collections import Counter

import pytest

from benchmarks.crash.script import MATRIX, SHORT, Kind, Target, Times, script

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
            low, high = times.stopped if each.kind is Kind.STOP else times.restart
            assert low <= each.lasts <= high
