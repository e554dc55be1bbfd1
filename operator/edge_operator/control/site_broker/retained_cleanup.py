"""Clears the retained status messages of deleted devices on the brokers (G9)."""

from collections.abc import Callable

from edge_operator.broker.session import Message
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics

SETTLE_SECONDS = 10.0
"""Time for which the status of an unknown device is kept: its EdgeDevice may arrive late, also after a pause of the
watch while the API server was unreachable."""


class RetainedCleanup:
    """Remembers the messages of unknown devices and clears their retained status.

    External brokers are not cleaned, because other devices may use them.

    Args:
        sessions: the sessions with the brokers.
        sites: cache of the sites.
        devices: cache of the devices.
        metrics: counts cleared messages.
        clock: monotonic clock, in seconds.
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

    def on_unknown_device(self, site: ResourceKey, device_id: str, message: Message) -> None:
        """Handle a status of a device without EdgeDevice."""
        self._last[site, device_id] = message
        self._due.setdefault((site, device_id), self._clock() + SETTLE_SECONDS)

    def take_pending(self, site: ResourceKey, device_id: str) -> Message | None:
        """Return and remove the last status of a device with a new EdgeDevice; None if there was none recently."""
        self._due.pop((site, device_id), None)
        return self._last.pop((site, device_id), None)

    def on_device_deleted(self, site: ResourceKey, device_id: str) -> None:
        """Schedule the cleanup for a deleted device."""
        self._due[site, device_id] = self._clock()
        self._last.pop((site, device_id), None)

    def on_disconnected(self, site: ResourceKey) -> None:
        """Remove the messages of a broker: what is still retained there arrives again on the next connection."""
        for key in [key for key in self._due if key[0] == site]:
            del self._due[key]
            self._last.pop(key, None)

    def clear(self) -> None:
        """Remove everything, because another process leads now."""
        self._due.clear()
        self._last.clear()

    def sweep(self) -> None:
        """Clear the retained status of the devices that are due."""
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
