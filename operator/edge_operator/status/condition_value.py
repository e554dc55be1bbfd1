"""The value of a condition, and how it is merged into the conditions of a status."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .facts import Problem

MESSAGE_LIMIT = 4096
"""Maximum length of a message, in characters."""

NAMED = 5
"""Maximum number of names in a message."""

LINE_LIMIT = 1000
"""Maximum length of one problem in a message, in characters."""

REST_CHARACTERS = 20
"""Room for the number of problems that do not fit."""


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


def listed(problems: Sequence[Problem], status: str = "False") -> ConditionValue | None:
    """Return a condition with the reason of the first problem and the messages of all, one line each.

    Returns None if there is no problem. If the messages do not fit, the last line has the number of the others.
    """
    if not problems:
        return None
    lines, room = list[str](), MESSAGE_LIMIT - REST_CHARACTERS
    for problem in problems:
        line = " ".join(problem.message.split())[:LINE_LIMIT]
        if len(line) + 1 > room:
            lines.append(f"and {len(problems) - len(lines)} more")
            break
        lines.append(line)
        room -= len(line) + 1
    return ConditionValue(status, problems[0].reason, "\n".join(lines))


def stalled(problems: Sequence[Problem]) -> ConditionValue | None:
    """Return the problems that stay until somebody acts, or None."""
    return listed([problem for problem in problems if problem.lasting], "True")


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
