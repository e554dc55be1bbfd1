"""Whether a processor of each site runs, by its Deployment and by its status on the broker."""

from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import DEPLOYMENT
from edge_operator.desired.metadata import child_name
from edge_wire.messages import PROCESSOR, ComponentStatus

ABSENT_SECONDS = 30.0
"""Time without a processor after which that is shown. A failover or the restart of a pod takes less."""


@dataclass(slots=True)
class _Seen:
    """State of one site's processors.

    Attributes:
        instance: the processor that was online last.
        offline_since: when its status became offline, on the monotonic clock, in seconds; None if it is not.
        unready_since: since when no pod is ready, on the monotonic clock, in seconds; None if one is.
    """

    instance: str = ""
    offline_since: float | None = None
    unready_since: float | None = None


class ProcessorPresence:
    """Since when no processor of a site runs.

    Args:
        enqueue: enqueues a site.
        clock: monotonic clock, in seconds.
    """

    def __init__(self, enqueue: Callable[[ResourceKey], None], clock: Callable[[], float]) -> None:
        self._enqueue = enqueue
        self._clock = clock
        self._seen: dict[ResourceKey, _Seen] = {}

    def record(self, site: ResourceKey, status: ComponentStatus) -> None:
        """Record the status of a processor; that of another component changes nothing.

        The will of a processor may arrive after the first status of the one that has replaced it.
        """
        if status.component != PROCESSOR:
            return
        seen = self._seen.setdefault(site, _Seen())
        was = seen.offline_since
        if status.status == "online":
            seen.instance, seen.offline_since = status.instance, None
        elif was is None and seen.instance in ("", status.instance):
            seen.offline_since = self._clock()
        if seen.offline_since != was:
            self._enqueue(site)

    def get(self, site: ResourceKey, *, ready: bool) -> tuple[bool, float]:
        """Return whether no processor runs, and the seconds until that is so; 0 if nothing changes by itself.

        Args:
            site: the site.
            ready: whether a pod of the processor is ready now.
        """
        seen, now = self._seen.setdefault(site, _Seen()), self._clock()
        if ready:
            seen.unready_since = None
        elif seen.unready_since is None:
            seen.unready_since = now
        since = min((each for each in (seen.offline_since, seen.unready_since) if each is not None), default=None)
        if since is None:
            return False, 0.0
        wait_seconds = since + ABSENT_SECONDS - now
        return wait_seconds <= 0, max(wait_seconds, 0.0)

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._seen.pop(site, None)

    def clear(self) -> None:
        """Remove all sites, because another process leads now."""
        self._seen.clear()


def processor_is_ready(children: ChildCache, described: SiteInput) -> bool:
    """Return whether a pod of a site's processor is ready, by its Deployment."""
    seen = children.get(ObjectKey(DEPLOYMENT, described.namespace, child_name(described, PROCESSOR)))
    return seen is not None and bool(seen.body["status"].get("readyReplicas"))
