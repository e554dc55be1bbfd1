"""Listens to the sites' brokers, and puts what it hears into the lives of their devices."""

import asyncio
import logging
from collections.abc import Callable, Collection

from edge_operator.broker.session import Message
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.site_broker.drops import BrokerDrops
from edge_operator.control.site_broker.retained_cleanup import Leftovers
from edge_operator.control.site_broker.roster_publisher import Rosters
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topics
from edge_wire.messages import MalformedError, parse_dropped

from .device_index import Fleet
from .site_adapter import SiteLife, sender_of

ROSTER = "roster"
"""The kind of what the operator itself has sent, and hears again."""

logger = logging.getLogger(__name__)


class BrokerEar:
    """Listens to the sites' brokers.

    Args:
        fleet: what is known of each device.
        sessions: the way to the brokers.
        leftovers: takes what is heard of devices that nobody knows.
        rosters: takes what the brokers hold for the gateways.
        way_changed: called with a site whose broker is to be had now, or no more.
        drops: takes what the brokers have dropped.
        metrics: where messages are counted.
    """

    def __init__(
        self,
        fleet: Fleet,
        sessions: BrokerSessions,
        leftovers: Leftovers,
        rosters: Rosters,
        way_changed: Callable[[ResourceKey], None],
        drops: BrokerDrops,
        metrics: Metrics,
    ) -> None:
        self._fleet = fleet
        self._sessions = sessions
        self._leftovers = leftovers
        self._rosters = rosters
        self._way_changed = way_changed
        self._drops = drops
        self._metrics = metrics
        self._said: dict[ResourceKey, tuple[bool, bool, bool]] = {}

    def connected(self, site: ResourceKey) -> None:
        """Take note that a session began; what the broker has retained follows."""
        life = self._fleet.site(site)
        if life is None:
            return
        life.connected()
        self._sessions.send(site, topics.ACTIVITY_REQUEST, b"{}")
        self._rosters.connected(site)
        self._show(site)

    def gone(self, site: ResourceKey) -> Collection[asyncio.Future[int]]:
        """Take note that a session is about to end because its site is gone; return what was sent last."""
        return self._rosters.gone(site)

    def down(self, site: ResourceKey) -> None:
        """Take note that a session ended, or that an attempt to begin one failed."""
        self._rosters.down(site)
        life = self._fleet.site(site)
        if life is None:
            self._said.pop(site, None)
            return
        life.disconnected()
        self._leftovers.down(site)
        self._show(site)

    def heard(self, site: ResourceKey, message: Message) -> None:
        """Take a message. None that cannot be read changes anything."""
        life = self._fleet.site(site)
        if life is None:
            return
        try:
            kind = self._take(site, life, message)
        except MalformedError as error:
            kind = "malformed"
            self._metrics.malformed.labels(error.reason).inc()
            logger.debug("EdgeSite %s/%s: %s: %s", *site, message.topic, error)
        self._metrics.broker_messages.labels(kind).inc()
        device_id = sender_of(message) if kind != ROSTER else None
        if device_id is not None and message.payload and self._fleet.holder(site, device_id) is None:
            self._leftovers.heard(site, device_id, message)

    def _take(self, site: ResourceKey, life: SiteLife, message: Message) -> str:
        """Take a message and return its kind, in one word.

        Raises:
            MalformedError: it cannot be read.
        """
        if message.topic == topics.BROKER_DROPPED:
            self._drops.heard(site, parse_dropped(message.payload))
            return "dropped"
        if not message.topic.startswith("edge/roster/"):
            return life.heard(message)
        self._rosters.heard(site, message)
        return ROSTER

    def _show(self, site: ResourceKey) -> None:
        """Have it told how the way to a site's broker is, if it is another than before."""
        state = self._sessions.state(site)
        said = (state.connected, state.refused, state.untrusted) if state is not None else (False, False, False)
        if self._said.get(site) == said:
            return
        self._said[site] = said
        if state is not None:
            level = logging.INFO if state.connected else logging.WARNING
            logger.log(level, "EdgeSite %s/%s: its broker: %s", *site, state.message)
        self._way_changed(site)
