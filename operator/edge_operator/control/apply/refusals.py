"""Writes that the API server rejected: not sent again until their backoff ends or the desired object changes."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.cluster.errors import ApiError
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey
from edge_operator.status import reasons
from edge_operator.status.facts import Problem

MIN_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rejected write.

    Attributes:
        hash: hash of the desired object.
        problem: the API server's reason.
        times: number of rejections in a row.
        until: time on the monotonic clock at which to send the write again, in seconds.
    """

    hash: str
    problem: Problem
    times: int
    until: float


class Refusals:
    """Rejected writes by object.

    Args:
        clock: monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refused: dict[ObjectKey, Refusal] = {}

    def active(self, desired: DesiredObject) -> Refusal | None:
        """Return the refusal that blocks a write of the desired object, or None."""
        refusal = self._refused.get(desired.key)
        if refusal is None or refusal.hash != desired.hash or self._clock() >= refusal.until:
            return None
        return refusal

    def wait(self, desired: DesiredObject) -> float:
        """Return the seconds until the desired object may be written again."""
        refusal = self._refused.get(desired.key)
        return max(0.0, refusal.until - self._clock()) if refusal is not None else 0.0

    def add(self, desired: DesiredObject, error: ApiError, problem: Problem | None = None) -> Problem:
        """Record a rejected write and return its problem: the given one, or one that quotes the API server."""
        before = self._refused.get(desired.key)
        times = before.times + 1 if before is not None and before.hash == desired.hash else 1
        backoff = min(MIN_BACKOFF_SECONDS * 2.0 ** (times - 1), MAX_BACKOFF_SECONDS)
        problem = problem or refusal_problem(str(desired.key), error)
        self._prune()
        self._refused[desired.key] = Refusal(desired.hash, problem, times, self._clock() + backoff)
        return problem

    def remove(self, desired: DesiredObject) -> None:
        """Remove the refusal of an object that was written."""
        self._refused.pop(desired.key, None)

    def _prune(self) -> None:
        """Remove refusals that nobody has retried for long: the site was deleted, or desires other objects now."""
        oldest = self._clock() - MAX_BACKOFF_SECONDS
        self._refused = {key: refusal for key, refusal in self._refused.items() if refusal.until > oldest}


def refusal_problem(what: str, error: ApiError) -> Problem:
    """Return the problem that the API server rejects `what`."""
    return Problem(_reason(error), f"{what} is refused: {error}")


def _reason(error: ApiError) -> str:
    if "exceeded quota" in error.message:
        return reasons.QUOTA_EXCEEDED
    if error.reason == "Forbidden" and "cannot" in error.message and "User " in error.message:
        return reasons.ACCESS_DENIED
    if error.reason == "Invalid":
        return reasons.INVALID
    return reasons.REFUSED
