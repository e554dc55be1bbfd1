"""What is said of one aspect of a resource, and how it joins the conditions that were there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from .facts import Problem

MESSAGE_LIMIT = 4096
NAMED = 5
"""How many of a list of objects are named."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one aspect."""

    status: str
    reason: str
    message: str


Facts = TypeVar("Facts")


def first(checks: Sequence[Callable[[Facts], Said | None]], facts: Facts) -> Said:
    """Return the first answer; the last check always gives one."""
    for check in checks:
        if (said := check(facts)) is not None:
            return said
    raise AssertionError("the last check always answers")


def worst(problems: Sequence[Problem]) -> Said | None:
    """Return the first of the problems, as what keeps something from being true."""
    if not problems:
        return None
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Said("False", problems[0].reason, problems[0].message + more)


def stalled(problems: Sequence[Problem]) -> Said | None:
    """Return the first problem that stays until somebody acts."""
    for problem in problems:
        if problem.lasting:
            return Said("True", problem.reason, problem.message)
    return None


def listed(names: Sequence[str]) -> str:
    """Return the first of `names`, and how many more there are."""
    more = f" (and {len(names) - NAMED} more)" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def join(
    before: Iterable[Mapping[str, Any]], said: Mapping[str, Said], generation: int, now: str
) -> list[dict[str, Any]]:
    """Return the conditions to write: `lastTransitionTime` moves only where the status flips.

    Args:
        before: the conditions as they stand.
        said: what is said now.
        generation: metadata.generation that it is said of.
        now: RFC 3339.
    """
    stood = {condition["type"]: condition for condition in before}
    conditions = []
    for aspect, what in said.items():
        was = stood.get(aspect, {})
        conditions.append(
            {
                "type": aspect,
                "status": what.status,
                "observedGeneration": generation,
                "lastTransitionTime": was["lastTransitionTime"] if was.get("status") == what.status else now,
                "reason": what.reason,
                "message": what.message[:MESSAGE_LIMIT],
            }
        )
    return conditions


def comparable(conditions: Iterable[Mapping[str, Any]], aspects: Iterable[str]) -> dict[str, Any]:
    """Return the conditions of `aspects` by type: those of others, and the order, say nothing."""
    by_type = {condition["type"]: condition for condition in conditions}
    return {aspect: by_type.get(aspect) for aspect in aspects}
