"""The value of a condition, and how it is merged into the conditions of a status."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .facts import Problem

MESSAGE_LIMIT = 4096
"""Maximum length of a message, in characters."""

NAMED = 5
"""Maximum number of names in a message."""


@dataclass(frozen=True, slots=True)
class ConditionValue:
    """A condition without its metadata.

    Attributes:
        status: True, False or Unknown.
        reason: reason in CamelCase.
        message: message for people.
    """

    status: str
    reason: str
    message: str


Facts = TypeVar("Facts")


def first_result(checks: Sequence[Callable[[Facts], ConditionValue | None]], facts: Facts) -> ConditionValue:
    """Return the first result of the checks; the last check always has one."""
    for check in checks:
        if (value := check(facts)) is not None:
            return value
    raise AssertionError("the last check always answers")


def first_problem(problems: Sequence[Problem]) -> ConditionValue | None:
    """Return the first of the problems as a condition that is not true, or None."""
    if not problems:
        return None
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ConditionValue("False", problems[0].reason, problems[0].message + more)


def stalled(problems: Sequence[Problem]) -> ConditionValue | None:
    """Return the first problem that stays until somebody acts, or None."""
    for problem in problems:
        if problem.lasting:
            return ConditionValue("True", problem.reason, problem.message)
    return None


def truncated(names: Sequence[str]) -> str:
    """Return the first of `names`, and how many more there are."""
    more = f" (and {len(names) - NAMED} more)" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def merge_conditions(
    before: Iterable[Mapping[str, Any]], values: Mapping[str, ConditionValue], generation: int, now: str
) -> list[dict[str, Any]]:
    """Return the conditions to write: `lastTransitionTime` changes only with the status.

    Args:
        before: the present conditions.
        values: the new values by type.
        generation: metadata.generation that they were computed for.
        now: current time, RFC 3339.
    """
    existing = {condition["type"]: condition for condition in before}
    conditions = []
    for condition_type, value in values.items():
        previous = existing.get(condition_type, {})
        kept = previous.get("status") == value.status
        conditions.append(
            {
                "type": condition_type,
                "status": value.status,
                "observedGeneration": generation,
                "lastTransitionTime": previous["lastTransitionTime"] if kept else now,
                "reason": value.reason,
                "message": value.message[:MESSAGE_LIMIT],
            }
        )
    return conditions


def comparable(conditions: Iterable[Mapping[str, Any]], condition_types: Iterable[str]) -> dict[str, Any]:
    """Return the conditions of the given types by type: those of others, and the order, do not count."""
    by_type = {condition["type"]: condition for condition in conditions}
    return {condition_type: by_type.get(condition_type) for condition_type in condition_types}
