"""Whether the process should be restarted, and whether it can do its work."""

from collections.abc import Callable, Sequence

from .cluster.election import Election
from .cluster.watch import Watch
from .telemetry.probes import LoopLag

MAX_LAG_SECONDS = 10.0
MAX_WATCH_AGE_SECONDS = 180.0
"""A watch receives a bookmark about once a minute."""
MAX_RESOURCE_WATCH_AGE_SECONDS = 420.0
"""Kopf opens its watch again every 300 s, which is the only sign that it works."""


class ResourceWatch:
    """State of Kopf's watch of one of the custom resources.

    Args:
        clock: monotonic clock, in seconds.

    Attributes:
        open: whether the API server has streamed to it.
        last_opened_at: time on the clock at which it was started, or last opened, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.open = False
        self.last_opened_at = clock()
        self._clock = clock

    def on_opened(self) -> None:
        """Handle the beginning of a stream of the API server."""
        self.open, self.last_opened_at = True, self._clock()

    def on_started(self) -> None:
        """Handle the start of Kopf, which will open the watch."""
        self.open, self.last_opened_at = False, self._clock()


class ResourceWatches:
    """State of Kopf's watches.

    Args:
        clock: monotonic clock, in seconds.

    Attributes:
        crds: whether the CRDs are Established.
        sites: the watch of the EdgeSites.
        devices: the watch of the EdgeDevices.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.crds = False
        self.sites = ResourceWatch(clock)
        self.devices = ResourceWatch(clock)

    def on_ended(self) -> None:
        """Handle the end of Kopf: the CRDs may have been deleted."""
        self.crds = False

    def on_started(self) -> None:
        """Handle the start of Kopf once the CRDs are Established."""
        self.crds = True
        for watch in (self.sites, self.devices):
            watch.on_started()

    @property
    def open(self) -> bool:
        """Whether both watches have been opened."""
        return self.sites.open and self.devices.open

    @property
    def last_opened_at(self) -> float:
        """Time on the clock at which the older of the two was last opened, in seconds."""
        return min(self.sites.last_opened_at, self.devices.last_opened_at)


class Health:
    """Answers the probes.

    A process is not restarted because of the API server: a watch counts as dead only if it has received nothing for
    long although the API server has responded to other requests.

    Args:
        clock: monotonic clock, in seconds.
        lag: lag of the event loop.
        watches: watches of the children.
        resources: state of Kopf's watches of the custom resources.
        election: has the time since which the API server responds.
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
        """Return the reasons to restart the process."""
        problems = []
        if self._lag.seconds > MAX_LAG_SECONDS:
            problems.append(f"the event loop lags by {self._lag.seconds:.1f} s")
        answering_for = self._clock() - self._election.api_reachable_since
        problems.extend(
            f"the watch of {watch.kind.kind} has received nothing for {watch.age:.0f} s"
            for watch in self._watches
            if min(watch.age, answering_for) > MAX_WATCH_AGE_SECONDS
        )
        resource_age = self._clock() - self._resources.last_opened_at
        if self._resources.crds and min(resource_age, answering_for) > MAX_RESOURCE_WATCH_AGE_SECONDS:
            problems.append(f"a watch of the custom resources was last opened {resource_age:.0f} s ago")
        return problems

    def not_ready(self) -> list[str]:
        """Return the reasons why the process cannot do its work yet."""
        problems = []
        if not self._resources.crds:
            problems.append("the CRDs are not Established: apply crds/")
        elif not self._resources.open:
            problems.append("the watch of the custom resources has not started")
        waiting = sorted({watch.kind.kind for watch in self._watches if not watch.synced.is_set()})
        if waiting:
            problems.append("not listed yet: " + ", ".join(waiting))
        return problems
