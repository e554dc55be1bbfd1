"""What came of one pass over the objects of a site, and the problems that it may tell of."""

from dataclasses import dataclass, field

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.status.facts import Problem

from .field_conflicts import FieldConflict


@dataclass
class Report:
    """What came of one pass over the objects of a site.

    Attributes:
        problems: what keeps objects from being as they should.
        terminating: objects that are being deleted and must be gone first.
        requeue_after: seconds until the resource has to be reconciled again; None if events will trigger it.
        namespace_terminating: whether the namespace is being deleted, so that nothing can be created in it.
    """

    problems: list[Problem] = field(default_factory=list)
    terminating: list[str] = field(default_factory=list)
    requeue_after: float | None = None
    namespace_terminating: bool = False

    def requeue(self, seconds: float) -> None:
        """Ask for another pass after `seconds`, or sooner."""
        self.requeue_after = seconds if self.requeue_after is None else min(self.requeue_after, seconds)


def field_contested(conflict: FieldConflict) -> Problem:
    """Return the problem of a field that is being fought over."""
    return Problem(
        "FieldContested",
        f"{conflict.key}: {conflict.field} is repeatedly changed by the manager {conflict.manager!r}: stop that manager"
        " from changing it, or set the value in the spec of the site; the operator does not reapply it for now",
    )


class ProblemError(Exception):
    """Raised where a reconcile cannot go on. `problem` says why, and what the user can do about it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


NOT_OURS = "NotOurs"


def not_ours(key: ObjectKey) -> Problem:
    """Return the problem of somebody else's object under a child's name."""
    return Problem(
        NOT_OURS,
        f"{key} exists and does not belong to this site: the operator does not change it; delete or rename it, or"
        " rename the site",
    )
