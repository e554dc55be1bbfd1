"""What came of one pass over the objects of a site, and the problems that it may tell of."""

from dataclasses import dataclass, field

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.status.facts import Problem

from .field_conflicts import Contest


@dataclass
class Report:
    """What came of one pass over the objects of a site.

    Attributes:
        problems: what keeps objects from being as they should.
        leaving: objects that must be gone first.
        again: seconds until another pass is needed; None if events will tell.
        namespace_ends: whether nothing can be made any more, because the namespace is being deleted.
    """

    problems: list[Problem] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    again: float | None = None
    namespace_ends: bool = False

    def revisit(self, seconds: float) -> None:
        """Ask for another pass after `seconds`, or sooner."""
        self.again = seconds if self.again is None else min(self.again, seconds)


def contested(contest: Contest) -> Problem:
    """Return the problem of a field that is being fought over."""
    return Problem(
        "FieldContested",
        f"{contest.key}: {contest.field} is repeatedly changed by the manager {contest.manager!r}: stop that manager"
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
