"""Keeps on every site's broker what its gateway must know of the devices: `edge/roster/{id}`."""

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

from .roster_diff import SiteRoster
from .roster_entry import roster_entry, site_name

END_SECONDS = 5.0
"""So long is waited for our own mark to come back behind what was retained; a broker may not let it through."""

AT_ONCE = 400
"""So many devices are looked at in one sweep, of all sites together: other messages must get their turn."""

UNANSWERED = 400
"""So many entries may wait for the broker's acknowledgement, of one site."""

logger = logging.getLogger(__name__)


class Rosters:
    """The rosters of all sites.

    Args:
        sessions: the way to the brokers.
        sites: the sites.
        devices: the devices.
        metrics: where what was sent is counted.
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
        self._connections: dict[ResourceKey, _Connection] = {}

    def connected(self, site: ResourceKey) -> None:
        """Take note that a session began: what the broker has retained follows, and then our mark."""
        roster = SiteRoster(lambda device_id: self._wanted(site, device_id), lambda *heard: self._is_ours(site, *heard))
        mark = secrets.token_bytes(16)
        self._connections[site] = _Connection(roster, mark, self._clock() + END_SECONDS)
        self._sessions.send(site, topics.ROSTER_END, mark)

    def down(self, site: ResourceKey) -> None:
        """Take note that a session ended: what the broker holds is told anew on the next one."""
        self._connections.pop(site, None)

    def gone(self, site: ResourceKey) -> list[asyncio.Future[int]]:
        """Clear what was told of the devices of a site that is gone, all at once; return what was sent."""
        connection = self._connections.pop(site, None)
        if connection is None:
            return []
        held = connection.roster.held()
        sent = [self._sessions.send(site, topics.roster(device_id), b"", retain=True) for device_id in held]
        return [*connection.unanswered, *(each for each in sent if each is not None)]

    def clear(self) -> None:
        """Forget everything: another process keeps the rosters now."""
        self._connections.clear()

    def heard(self, site: ResourceKey, message: Message) -> None:
        """Take a message below `edge/roster/`.

        What is not a replay is our own, or somebody else's who would answer ours: it is left to the next connection.
        Not so where an entry is cleared: who had the site before clears what it knows of, and answers nothing.

        Raises:
            MalformedError: it is of no device.
        """
        connection = self._connections.get(site)
        if connection is None:
            return
        if message.topic == topics.ROSTER_END:
            if message.payload == connection.mark:
                self._complete(site, connection)
        elif message.retain or not message.payload:
            try:
                device_id = topics.device_of(message.topic)
            except ValueError as error:
                raise MalformedError("topic", str(error)) from error
            connection.roster.told(device_id, message.payload)

    def changed(self, device: CachedDevice) -> None:
        """Take note of a device that was added, changed or deleted, or of a change of its site."""
        connection = self._connections.get(device.site)
        if connection is not None:
            connection.roster.changed(device.device_id)

    def sweep(self) -> None:
        """Send what differs, some of it at a time; to be called several times a second."""
        now, left = self._clock(), AT_ONCE
        for site, connection in tuple(self._connections.items()):
            if not connection.roster.is_complete and connection.complete_at <= now:
                logger.info(
                    "EdgeSite %s/%s: the broker did not send back our own message on %s", *site, topics.ROSTER_END
                )
                self._complete(site, connection)
            looked = min(left, UNANSWERED - len(connection.unanswered), len(connection.roster))
            left -= looked
            for device_id, payload in connection.roster.look(looked):
                self._send(site, connection, device_id, payload)
            # Whoever got nothing now is the first the next time.
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
        # Sent again on the next connection, not before: a broker that refuses one refuses them all, again and again.
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
        """Return whether an entry that nobody wants was made for this site: others may share a broker of the user."""
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
        roster: what is to be sent.
        mark: what comes back behind what was retained.
        complete_at: when that is no longer waited for.
        unanswered: what the broker has not acknowledged yet.
        is_refused: whether it did not take one.
    """

    __slots__ = ("complete_at", "is_refused", "mark", "roster", "unanswered")

    def __init__(self, roster: SiteRoster, mark: bytes, complete_at: float) -> None:
        self.roster = roster
        self.mark = mark
        self.complete_at = complete_at
        self.unanswered: set[asyncio.Future[int]] = set()
        self.is_refused = False
