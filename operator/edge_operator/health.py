"""Whether the process should be started anew, and whether it can do its work."""

from collections.abc import Callable, Sequence

from .cluster.election import Election
from .cluster.watch import Watch
from .telemetry.probes import LoopLag

MAX_LAG_SECONDS = 10.0
MAX_WATCH_AGE_SECONDS = 180.0
"""A watch hears a bookmark about once a minute."""
MAX_RESOURCE_WATCH_AGE_SECONDS = 420.0
"""Kopf opens its watch anew every 300 s; how old it is shows only then."""


class ResourceWatch:
    """What is known of Kopf's watch of one of the custom resources.

    Args:
        clock: seconds on a clock that never goes back.

    Attributes:
        open: whether the API server has streamed to it.
        heard_at: our clock when it was begun, or last opened.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.open = False
        self.heard_at = clock()
        self._clock = clock

    def opened(self) -> None:
        """Take note that the API server streams to it from now on."""
        self.open, self.heard_at = True, self._clock()

    def begun(self) -> None:
        """Take note that it is to be opened."""
        self.open, self.heard_at = False, self._clock()


class ResourceWatches:
    """What is known of Kopf's watches.

    Args:
        clock: seconds on a clock that never goes back.

    Attributes:
        crds: whether the CRDs are Established.
        sites: the watch of the EdgeSites.
        devices: the watch of the EdgeDevices.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.crds = False
        self.sites = ResourceWatch(clock)
        self.devices = ResourceWatch(clock)

    def ended(self) -> None:
        """Take note that nothing is watched: that the CRDs are there has to be seen."""
        self.crds = False

    def begun(self) -> None:
        """Take note that the CRDs are there and both watches are to be opened."""
        self.crds = True
        for watch in (self.sites, self.devices):
            watch.begun()

    @property
    def open(self) -> bool:
        """Whether both have been opened."""
        return self.sites.open and self.devices.open

    @property
    def heard_at(self) -> float:
        """Our clock when the one that was silent for longer was heard."""
        return min(self.sites.heard_at, self.devices.heard_at)


class Health:
    """Answers the probes.

    A process is not ended for the API server's sake: a watch counts as dead only if the server has been answering
    other requests for long, and the watch has heard nothing meanwhile.

    Args:
        clock: seconds on a clock that never goes back.
        lag: lag of the event loop.
        watches: the watches of the children.
        resources: Kopf's watches of the custom resources.
        election: tells since when the API server answers.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        lag: LoopLag,
        watches: Sequence[Watch],
        resources: ResourceWatches,
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
        if self._lag.seconds > MAX_LAG_SECONDS:
            problems.append(f"the event loop lags by {self._lag.seconds:.1f} s")
        answering_for = self._clock() - self._election.answering_since
        problems.extend(
            f"the watch of {watch.kind.kind} has received nothing for {watch.age:.0f} s"
            for watch in self._watches
            if min(watch.age, answering_for) > MAX_WATCH_AGE_SECONDS
        )
        resource_age = self._clock() - self._resources.heard_at
        if self._resources.crds and min(resource_age, answering_for) > MAX_RESOURCE_WATCH_AGE_SECONDS:
            problems.append(f"a watch of the custom resources was last opened {resource_age:.0f} s ago")
        return problems

    def not_ready(self) -> list[str]:
        """Return why the process cannot do its work yet."""
        problems = []
        if not self._resources.crds:
            problems.append("the CRDs are not Established: apply crds/")
        elif not self._resources.open:
            problems.append("the watch of the custom resources has not started")
        waiting = sorted({watch.kind.kind for watch in self._watches if not watch.synced.is_set()})
        if waiting:
            problems.append("not listed yet: " + ", ".join(waiting))
        return problems
