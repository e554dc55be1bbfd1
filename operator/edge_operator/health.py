"""Whether the process should be started anew, and whether it can do its work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .cluster.election import Election
from .cluster.watch import Watch
from .telemetry.probes import LoopLag

MOST_LAG_SECONDS = 10.0
MOST_WATCH_AGE_SECONDS = 180.0
"""A watch hears a bookmark about once a minute."""
MOST_RESOURCE_WATCH_AGE_SECONDS = 420.0
"""Kopf opens its watch anew every 300 s; how old it is shows only then."""


@dataclass
class ResourceWatch:
    """What is known of Kopf's watch of the custom resources.

    Attributes:
        crds: whether the CRDs are Established.
        started: whether Kopf runs.
        heard_at: our clock when the API server last answered a request of Kopf.
    """

    crds: bool = False
    started: bool = False
    heard_at: float = field(default=float("-inf"))


class Health:
    """Answers the probes.

    A process is not ended for the API server's sake: a watch counts as dead only if the server has answered
    other requests long after the watch last heard of it.

    Args:
        clock: seconds on a clock that never goes back.
        lag: lag of the event loop.
        watches: the watches of the children.
        resources: Kopf's watch of the custom resources.
        election: tells when the API server last answered.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        lag: LoopLag,
        watches: Sequence[Watch],
        resources: ResourceWatch,
        election: Election,
    ) -> None:
        self._clock = clock
        self._lag = lag
        self._watches = watches
        self._resources = resources
        self._election = election

    def unhealthy(self) -> list[str]:
        """Return why the process should be started anew."""
        problems = []
        if self._lag.seconds > MOST_LAG_SECONDS:
            problems.append(f"the event loop was late by {self._lag.seconds:.1f} s")
        silent_for = self._clock() - self._election.answered_at
        problems.extend(
            f"the watch of {watch.kind.kind} has heard nothing for {watch.age:.0f} s"
            for watch in self._watches
            if watch.age - silent_for > MOST_WATCH_AGE_SECONDS
        )
        resource_age = self._clock() - self._resources.heard_at
        if self._resources.started and resource_age - silent_for > MOST_RESOURCE_WATCH_AGE_SECONDS:
            problems.append(f"the watch of the custom resources was last opened {resource_age:.0f} s ago")
        return problems

    def not_ready(self) -> list[str]:
        """Return why the process cannot do its work yet."""
        problems = []
        if not self._resources.crds:
            problems.append("the CRDs are not Established: apply crds/")
        elif not self._resources.started:
            problems.append("the watch of the custom resources has not begun")
        waiting = sorted({watch.kind.kind for watch in self._watches if not watch.synced.is_set()})
        if waiting:
            problems.append("not listed yet: " + ", ".join(waiting))
        return problems
