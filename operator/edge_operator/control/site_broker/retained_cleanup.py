"""Clears what deleted devices left on the brokers: their retained status (G9)."""

from collections.abc import Callable

from edge_operator.broker.session import Message
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics

SETTLE_SECONDS = 10.0
"""So long a device that nobody knows has time to turn up: its EdgeDevice may be on the way, and longer than the watch
of them pauses after the API server was away."""


class Leftovers:
    """Remembers which devices nobody knows were heard, and clears their retained status.

    Brokers that the user runs are left alone: devices may be there that are not ours to know.

    Args:
        sessions: the way to the brokers.
        sites: the sites.
        devices: the devices that are known.
        metrics: where what was cleared is counted.
        clock: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        sessions: BrokerSessions,
        sites: SiteCache,
        devices: DeviceCache,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._sessions = sessions
        self._sites = sites
        self._devices = devices
        self._metrics = metrics
        self._clock = clock
        self._due: dict[tuple[ResourceKey, str], float] = {}
        self._last: dict[tuple[ResourceKey, str], Message] = {}

    def heard(self, site: ResourceKey, device_id: str, message: Message) -> None:
        """Take a status of a device that nobody knows."""
        self._last[site, device_id] = message
        self._due.setdefault((site, device_id), self._clock() + SETTLE_SECONDS)

    def claimed(self, site: ResourceKey, device_id: str) -> Message | None:
        """Return what was heard last of a device that turned up; None if that is nothing, or long ago."""
        self._due.pop((site, device_id), None)
        return self._last.pop((site, device_id), None)

    def removed(self, site: ResourceKey, device_id: str) -> None:
        """Take note of a device that was deleted."""
        self._due[site, device_id] = self._clock()
        self._last.pop((site, device_id), None)

    def down(self, site: ResourceKey) -> None:
        """Forget what was heard of a broker: what is still there is heard again on the next connection."""
        for key in [key for key in self._due if key[0] == site]:
            del self._due[key]
            self._last.pop(key, None)

    def clear(self) -> None:
        """Forget everything: another process clears now."""
        self._due.clear()
        self._last.clear()

    def sweep(self) -> None:
        """Clear what is due."""
        now = self._clock()
        for (site, device_id), due in tuple(self._due.items()):
            if due > now:
                continue
            del self._due[site, device_id]
            self._last.pop((site, device_id), None)
            resource = self._sites.get(site)
            managed = resource is not None and not resource.external_broker
            if managed and not self._devices.by_device_id(site, device_id):
                self._sessions.send(site, topics.device_status(device_id), b"", retain=True)
                self._metrics.leftovers.inc()
