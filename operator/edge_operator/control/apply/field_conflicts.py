"""Fields that another manager keeps changing: after three reapplies within five minutes the operator backs off."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.ownership import Path, readable

RETAKES = 3
WINDOW_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that another manager keeps changing.

    Attributes:
        key: the object.
        path: the field.
        manager: the other manager; `unknown` if it removed the field.
        until: time until which the operator does not reapply the object (aware).
    """

    key: ObjectKey
    path: Path
    manager: str
    until: dt.datetime

    @property
    def field(self) -> str:
        """The field in readable form."""
        return readable(self.path)


@dataclass
class _History:
    times: list[float] = field(default_factory=list)
    until: dt.datetime | None = None


class FieldConflicts:
    """Records which fields were reapplied, and when.

    Args:
        clock: monotonic clock, in seconds.
        wall_clock: current time, for people.
    """

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._history: dict[ObjectKey, dict[tuple[Path, str], _History]] = {}

    def active(self, key: ObjectKey) -> list[FieldConflict]:
        """Return the fields of the object that were reapplied too often lately; the object is not reapplied for now."""
        self._prune(key)
        contested = [
            (path, manager, history.until)
            for (path, manager), history in self._history.get(key, {}).items()
            if len(history.times) >= RETAKES and history.until is not None
        ]
        last = max((until for _, _, until in contested), default=None)
        return [FieldConflict(key, path, manager, last) for path, manager, _ in contested] if last is not None else []

    def record(self, key: ObjectKey, fields: dict[Path, str]) -> None:
        """Record that the given fields (path to manager) are reapplied now."""
        for known in tuple(self._history):
            self._prune(known)
        of_object = self._history.setdefault(key, {})
        now = self._clock()
        for path, manager in fields.items():
            history = of_object.setdefault((path, manager), _History())
            history.times.append(now)
            if len(history.times) >= RETAKES:
                # Computed once: another text at each reconcile would be a status write each time.
                left = dt.timedelta(seconds=history.times[-RETAKES] + WINDOW_SECONDS - now)
                history.until = self._wall_clock() + left

    def wait(self, key: ObjectKey) -> float:
        """Return the seconds until the object's fields may be reapplied again."""
        now = self._clock()
        ends = [
            history.times[-RETAKES] + WINDOW_SECONDS - now
            for history in self._history.get(key, {}).values()
            if len(history.times) >= RETAKES
        ]
        return max(ends, default=0.0)

    def _prune(self, key: ObjectKey) -> None:
        oldest = self._clock() - WINDOW_SECONDS
        of_object = self._history.get(key, {})
        for mark, history in tuple(of_object.items()):
            history.times = [time for time in history.times if time > oldest]
            if not history.times:
                del of_object[mark]
        if not of_object:
            self._history.pop(key, None)
