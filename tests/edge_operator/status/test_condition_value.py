"""How many more problems, or objects, there are than a message names."""

import pytest

from edge_operator.status.condition_value import ConditionValue, first_problem, first_result, stalled, truncated
from edge_operator.status.facts import Problem

FIRST = Problem("Invalid", "correct it")
SECOND = Problem("Busy", "it passes", lasting=False)

WORST = {
    "none": ((), None),
    "one": ((FIRST,), ConditionValue("False", "Invalid", "correct it")),
    "two": ((FIRST, SECOND), ConditionValue("False", "Invalid", "correct it (and 1 more)")),
    "three": ((SECOND, FIRST, SECOND), ConditionValue("False", "Busy", "it passes (and 2 more)")),
}


@pytest.mark.parametrize(("problems", "said"), WORST.values(), ids=WORST)
def test_first_problem_stands_for_all(problems: tuple[Problem, ...], said: ConditionValue | None) -> None:
    assert first_problem(problems) == said


STALLED = {
    "none": ((), None),
    "none that stays": ((SECOND, SECOND), None),
    "one that stays, behind one that passes": ((SECOND, FIRST), ConditionValue("True", "Invalid", "correct it")),
}


@pytest.mark.parametrize(("problems", "said"), STALLED.values(), ids=STALLED)
def test_only_what_stays_stalls(problems: tuple[Problem, ...], said: ConditionValue | None) -> None:
    assert stalled(problems) == said


def test_checks_without_an_answer_are_a_mistake() -> None:
    with pytest.raises(AssertionError, match="always answers"):
        first_result((lambda _: None,), FIRST)


LISTED = {
    "none": ([], ""),
    "one": (["a"], "a"),
    "as many as are named": (["a", "b", "c", "d", "e"], "a, b, c, d, e"),
    "one more": (["a", "b", "c", "d", "e", "f"], "a, b, c, d, e (and 1 more)"),
    "two more": (["a", "b", "c", "d", "e", "f", "g"], "a, b, c, d, e (and 2 more)"),
}


@pytest.mark.parametrize(("names", "text"), LISTED.values(), ids=LISTED)
def test_five_names_and_how_many_more(names: list[str], text: str) -> None:
    assert truncated(names) == text
