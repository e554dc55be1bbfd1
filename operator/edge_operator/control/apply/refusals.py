"""Writes that the API server refused: not sent again before their backoff ends or their intent changes."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.cluster.errors import ApiError
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey
from edge_operator.status.facts import Problem

MIN_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One write that was refused.

    Attributes:
        hash: hash of the intent.
        problem: what the API server said.
        times: how often in a row.
        until: when it may be sent again.
    """

    hash: str
    problem: Problem
    times: int
    until: float


class Refusals:
    """What was refused, by object. The clock is given.

    Args:
        clock: seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refused: dict[ObjectKey, Refusal] = {}

    def active(self, desired: DesiredObject) -> Refusal | None:
        """Return the refusal that still stands in the way of an intent."""
        refusal = self._refused.get(desired.key)
        if refusal is None or refusal.hash != desired.hash or self._clock() >= refusal.until:
            return None
        return refusal

    def wait(self, desired: DesiredObject) -> float:
        """Return the seconds until the intent may be tried again."""
        refusal = self._refused.get(desired.key)
        return max(0.0, refusal.until - self._clock()) if refusal is not None else 0.0

    def add(self, desired: DesiredObject, error: ApiError) -> Problem:
        """Take note of a refusal and return it as a problem of the site."""
        before = self._refused.get(desired.key)
        times = before.times + 1 if before is not None and before.hash == desired.hash else 1
        backoff = min(MIN_BACKOFF_SECONDS * 2.0 ** (times - 1), MAX_BACKOFF_SECONDS)
        problem = refusal_problem(str(desired.key), error)
        self._prune()
        self._refused[desired.key] = Refusal(desired.hash, problem, times, self._clock() + backoff)
        return problem

    def remove(self, desired: DesiredObject) -> None:
        """Forget what was refused of an object."""
        self._refused.pop(desired.key, None)

    def _prune(self) -> None:
        """Forget what nobody has tried again for long: its site is gone, or asks for other things now."""
        oldest = self._clock() - MAX_BACKOFF_SECONDS
        self._refused = {key: refusal for key, refusal in self._refused.items() if refusal.until > oldest}


def refusal_problem(what: str, error: ApiError) -> Problem:
    """Return the problem that the API server refuses `what`."""
    return Problem(_reason(error), f"{what} is refused: {error}")


def _reason(error: ApiError) -> str:
    if "exceeded quota" in error.message:
        return "QuotaExceeded"
    if error.reason == "Forbidden" and "cannot" in error.message and "User " in error.message:
        return "AccessDenied"
    if error.reason == "Invalid":
        return "Invalid"
    return "Refused"
