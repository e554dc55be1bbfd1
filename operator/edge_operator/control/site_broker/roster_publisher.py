"""Publishes the device roster of every site to its broker, for the gateway: `edge/roster/{id}`, retained."""

import asyncio
import logging
import secrets
from collections.abc import Callable

from edge_operator.broker.session import Message
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics
from edge_wire.messages import MalformedError, RosterEntry

from .roster_diff import RosterDiff
from .roster_entry import roster_entry, site_name

MARKER_SECONDS = 5.0
"""Time to wait for our own marker behind the retained entries; an external broker may not deliver it."""

MAX_COMPARED_DEVICES = 400
"""Maximum number of devices that one sweep compares, of all sites together, so that other messages are not delayed."""

MAX_UNACKNOWLEDGED = 400
"""Maximum number of entries of one site without acknowledgement of the broker."""

logger = logging.getLogger(__name__)


class RosterPublisher:
    """Publishes the rosters of all sites.

    Args:
        sessions: the sessions with the brokers.
        sites: cache of the sites.
        devices: cache of the devices.
        metrics: counts published entries.
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
        self._connections: dict[ResourceKey, _Connection] = {}

    def on_connected(self, site: ResourceKey) -> None:
        """Publish a marker: it arrives after the entries that the broker has retained."""
        roster = RosterDiff(lambda device_id: self._wanted(site, device_id), lambda *args: self._is_ours(site, *args))
        mark = secrets.token_bytes(16)
        self._connections[site] = _Connection(roster, mark, self._clock() + MARKER_SECONDS)
        self._sessions.send(site, topics.ROSTER_END, mark)

    def on_disconnected(self, site: ResourceKey) -> None:
        """Remove the state of the connection; the retained entries arrive again on the next one."""
        self._connections.pop(site, None)

    def clear_site(self, site: ResourceKey) -> list[asyncio.Future[int]]:
        """Clear all entries of a deleted site at once; return the futures of the publishes."""
        connection = self._connections.pop(site, None)
        if connection is None:
            return []
        held = connection.roster.held()
        sent = [self._sessions.send(site, topics.roster(device_id), b"", retain=True) for device_id in held]
        return [*connection.unanswered, *(each for each in sent if each is not None)]

    def clear(self) -> None:
        """Remove all connections, because another process leads now."""
        self._connections.clear()

    def on_entry(self, site: ResourceKey, device_id: str, message: Message) -> None:
        """Handle a roster entry.

        A message without the retain flag is our own, or from somebody who would react to ours, so it is ignored
        until the next connection. Only a cleared entry is handled: the previous owner of the site clears its entries
        and reacts to nothing.
        """
        connection = self._connections.get(site)
        if connection is not None and (message.retain or not message.payload):
            connection.roster.on_retained(device_id, message.payload)

    def on_end(self, site: ResourceKey, payload: bytes) -> None:
        """Handle a marker: if it is ours, all retained entries have arrived."""
        connection = self._connections.get(site)
        if connection is not None and payload == connection.mark:
            self._complete(site, connection)

    def on_device_changed(self, device: CachedDevice) -> None:
        """Compare a device that was added, changed or deleted, or has a changed site."""
        connection = self._connections.get(device.site)
        if connection is not None:
            connection.roster.mark_changed(device.device_id)

    def sweep(self) -> None:
        """Publish some of the differences; called several times a second."""
        now, left = self._clock(), MAX_COMPARED_DEVICES
        for site, connection in tuple(self._connections.items()):
            if not connection.roster.is_complete and connection.complete_at <= now:
                logger.info(
                    "EdgeSite %s/%s: the broker did not send back our own message on %s", *site, topics.ROSTER_END
                )
                self._complete(site, connection)
            looked = min(left, MAX_UNACKNOWLEDGED - len(connection.unanswered), len(connection.roster))
            left -= looked
            for device_id, payload in connection.roster.next_changes(looked):
                self._send(site, connection, device_id, payload)
            # Round robin: sites that got no share now come first in the next sweep.
            if looked:
                self._connections[site] = self._connections.pop(site)

    def _send(self, site: ResourceKey, connection: "_Connection", device_id: str, payload: bytes) -> None:
        sent = self._sessions.send(site, topics.roster(device_id), payload, retain=True)
        if sent is None:
            return
        self._metrics.roster_sent.labels("entry" if payload else "clear").inc()
        connection.unanswered.add(sent)
        sent.add_done_callback(lambda done: self._answered(site, connection, device_id, done))

    def _answered(
        self, site: ResourceKey, connection: "_Connection", device_id: str, done: "asyncio.Future[int]"
    ) -> None:
        connection.unanswered.discard(done)
        error = None if done.cancelled() else done.exception()
        if error is None or self._connections.get(site) is not connection:
            return
        # Retried on the next connection only: a broker that rejects one entry would reject them all repeatedly.
        self._metrics.roster_refused.inc()
        if not connection.is_refused:
            connection.is_refused = True
            logger.warning(
                "EdgeSite %s/%s: cannot publish the roster entry of device %s, and possibly others: %s",
                *site,
                device_id,
                error,
            )

    def _complete(self, site: ResourceKey, connection: "_Connection") -> None:
        connection.roster.complete({device.device_id for device in self._devices.by_site(site)})

    def _wanted(self, site: ResourceKey, device_id: str) -> bytes:
        resource, claiming = self._sites.get(site), self._devices.by_device_id(site, device_id)
        return roster_entry(claiming[0], resource).encode() if resource is not None and claiming else b""

    def _is_ours(self, key: ResourceKey, device_id: str, payload: bytes) -> bool:
        """Return whether an undesired entry was published for this site: sites may share an external broker."""
        site = self._sites.get(key)
        if site is None or not site.external_broker:
            return site is not None
        try:
            return RosterEntry.parse(payload, device_id).site == site_name(site)
        except MalformedError:
            return False


class _Connection:
    """One connection to a site's broker.

    Attributes:
        roster: the entries to publish.
        mark: payload of our marker, which arrives after the retained entries.
        complete_at: time on the monotonic clock at which to stop waiting for the marker, in seconds.
        unanswered: publishes without acknowledgement.
        is_refused: whether the broker has rejected an entry.
    """

    __slots__ = ("complete_at", "is_refused", "mark", "roster", "unanswered")

    def __init__(self, roster: RosterDiff, mark: bytes, complete_at: float) -> None:
        self.roster = roster
        self.mark = mark
        self.complete_at = complete_at
        self.unanswered: set[asyncio.Future[int]] = set()
        self.is_refused = False
