"""The result of applying the objects of a resource, and the problems that it can contain. Pure."""

from dataclasses import dataclass

from edge_operator.control.diff.observed import UNKNOWN
from edge_operator.status import reasons
from edge_operator.status.facts import Problem

from .field_conflicts import FieldConflict

REPLICAS = ".spec.replicas"
"""The field that `kubectl scale` and autoscalers change."""


@dataclass(frozen=True, slots=True)
class Report:
    """Result of applying objects of a resource. The sum of two results is the result of both.

    Attributes:
        problems: problems that keep objects from their desired state.
        terminating: objects that are being deleted; their deletion must end first.
        requeue_after: seconds until the resource has to be reconciled again; None if events will trigger it.
        namespace_terminating: whether the namespace is being deleted, so that nothing can be created in it.
    """

    problems: tuple[Problem, ...] = ()
    terminating: tuple[str, ...] = ()
    requeue_after: float | None = None
    namespace_terminating: bool = False

    def __add__(self, other: "Report") -> "Report":
        """Return the result of both."""
        return Report(
            (*self.problems, *other.problems),
            (*self.terminating, *other.terminating),
            soonest(self.requeue_after, other.requeue_after),
            self.namespace_terminating or other.namespace_terminating,
        )


def soonest(*times: float | None) -> float | None:
    """Return the least of the given numbers of seconds; None if there is none."""
    return min((each for each in times if each is not None), default=None)


def field_contested(conflict: FieldConflict) -> Problem:
    """Return the problem of a field that another manager keeps changing."""
    who = "an unknown manager" if conflict.manager == UNKNOWN else f"the manager {conflict.manager!r}"
    until = f"{conflict.until:%Y-%m-%dT%H:%M:%SZ}"
    if conflict.field == REPLICAS:
        advice = "do not use kubectl scale or an autoscaler on it; set the number of replicas in the spec of the site"
    else:
        advice = "stop that manager from changing it, or set the value in the spec of the site"
    return Problem(
        reasons.FIELD_CONTESTED,
        f"{conflict.key}: {conflict.field} is repeatedly changed by {who}; the operator does not reapply it until"
        f" {until}: {advice}",
    )


class ProblemError(Exception):
    """Raised if a reconcile cannot continue. `problem` contains the reason and what the user can do about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
