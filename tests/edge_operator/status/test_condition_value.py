"""Every problem has a line of the message; how many more objects there are than a message names."""

import pytest

from edge_operator.status.condition_value import ConditionValue, first_result, listed, stalled, truncated
from edge_operator.status.facts import Problem

FIRST = Problem("Invalid", "correct it")
SECOND = Problem("Busy", "it passes", lasting=False)

WORST = {
    "none": ((), None),
    "one": ((FIRST,), ConditionValue("False", "Invalid", "correct it")),
    "two": ((FIRST, SECOND), ConditionValue("False", "Invalid", "correct it\nit passes")),
    "three": ((SECOND, FIRST, SECOND), ConditionValue("False", "Busy", "it passes\ncorrect it\nit passes")),
}


@pytest.mark.parametrize(("problems", "said"), WORST.values(), ids=WORST)
def test_every_problem_has_a_line(problems: tuple[Problem, ...], said: ConditionValue | None) -> None:
    assert listed(problems) == said


@pytest.mark.parametrize("count", [5, 100, 5000])
def test_message_is_bounded_and_counts_what_does_not_fit(count: int) -> None:
    value = listed([Problem("Invalid", f"{number} " + "x" * 5000) for number in range(count)])
    assert value is not None
    *lines, last = value.message.splitlines()
    assert len(value.message) <= 4096
    assert last == f"and {count - len(lines)} more"
    assert all(line.startswith(f"{number} x") for number, line in enumerate(lines))


def test_message_of_a_problem_is_one_line() -> None:
    said = listed([Problem("Invalid", "first\n  second\tthird")])
    assert said == ConditionValue("False", "Invalid", "first second third")


STALLED = {
    "none": ((), None),
    "none that stays": ((SECOND, SECOND), None),
    "one that stays, behind one that passes": ((SECOND, FIRST), ConditionValue("True", "Invalid", "correct it")),
    "two that stay": ((FIRST, SECOND, FIRST), ConditionValue("True", "Invalid", "correct it\ncorrect it")),
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
