"""Dispatches the messages of the sites' brokers to the liveness of their devices."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import ClassVar

from edge_operator.broker.session import Message
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topic_table, topics
from edge_wire.dispatcher import Dispatcher
from edge_wire.messages import MalformedError

from .device_index import DeviceIndex
from .site_adapter import SiteLivenessAdapter

ROSTER = "roster"
"""Kind of the messages that the operator itself has published, and receives again."""

logger = logging.getLogger(__name__)


class BrokerMessageHandler:
    """Handles events and messages of the sessions with the sites' brokers.

    Args:
        index: the liveness of each device.
        sessions: the sessions with the brokers.
        cleanup: receives the status of unknown devices.
        rosters: receives the retained roster entries.
        on_state_changed: called with a site if the state of its session has changed.
        site_topics: receives the messages that report facts of a site.
        metrics: counts messages.
    """

    def __init__(
        self,
        index: DeviceIndex,
        sessions: BrokerSessions,
        cleanup: RetainedCleanup,
        rosters: RosterPublisher,
        on_state_changed: Callable[[ResourceKey], None],
        site_topics: SiteTopics,
        metrics: Metrics,
    ) -> None:
        self._index = index
        self._sessions = sessions
        self._cleanup = cleanup
        self._rosters = rosters
        self._on_state_changed = on_state_changed
        self._site_topics = site_topics
        self._metrics = metrics
        self._last_state: dict[ResourceKey, tuple[bool, bool, bool]] = {}

    def on_connected(self, site: ResourceKey) -> None:
        """Handle a new session; the retained messages follow."""
        adapter = self._index.site(site)
        if adapter is None:
            return
        adapter.on_connected()
        self._sessions.send(site, topics.ACTIVITY_REQUEST, b"{}")
        self._rosters.on_connected(site)
        self._publish_state(site)

    def on_site_deleted(self, site: ResourceKey) -> Collection[asyncio.Future[int]]:
        """Handle the end of the session of a deleted site; return the futures of the last publishes."""
        tokens = self._sessions.send(site, topic_table.API_TOKENS.pattern, b"", retain=True)
        return [*self._rosters.clear_site(site), *([] if tokens is None else [tokens])]

    def on_disconnected(self, site: ResourceKey) -> None:
        """Handle the end of a session, or a failed attempt to connect."""
        self._rosters.on_disconnected(site)
        adapter = self._index.site(site)
        if adapter is None:
            self._last_state.pop(site, None)
            return
        adapter.on_disconnected()
        self._cleanup.on_disconnected(site)
        self._publish_state(site)

    def on_message(self, site: ResourceKey, message: Message) -> None:
        """Handle a message. A malformed message changes nothing."""
        adapter = self._index.site(site)
        if adapter is None:
            return
        try:
            kind = self._dispatch(site, adapter, message)
        except MalformedError as error:
            kind = "malformed"
            self._metrics.malformed.labels(error.reason).inc()
            logger.debug("EdgeSite %s/%s: %s: %s", *site, message.topic, error)
        self._metrics.broker_messages.labels(kind).inc()

    def _dispatch(self, site: ResourceKey, adapter: SiteLivenessAdapter, message: Message) -> str:
        """Handle a message and return its kind for the metrics.

        Raises:
            MalformedError: the message cannot be parsed.
        """
        try:
            handle, device_id = self.HANDLERS.find(message.topic)
        except ValueError as error:
            raise MalformedError("topic", str(error)) from None
        return handle(self, site, adapter, message, device_id)

    def _update_liveness(self, _site: ResourceKey, adapter: SiteLivenessAdapter, message: Message, _id: str) -> str:
        return adapter.on_message(message)

    def _device_status(self, site: ResourceKey, adapter: SiteLivenessAdapter, message: Message, device_id: str) -> str:
        if message.payload and self._index.id_owner(site, device_id) is None:
            self._cleanup.on_unknown_device(site, device_id, message)
        return adapter.on_message(message)

    def _roster_entry(self, site: ResourceKey, _: SiteLivenessAdapter, message: Message, device_id: str) -> str:
        self._rosters.on_entry(site, device_id, message)
        return ROSTER

    def _roster_end(self, site: ResourceKey, _: SiteLivenessAdapter, message: Message, _id: str) -> str:
        self._rosters.on_end(site, message.payload)
        return ROSTER

    def _site_fact_and_liveness(
        self, site: ResourceKey, adapter: SiteLivenessAdapter, message: Message, _id: str
    ) -> str:
        self._site_topics.on_message(site, message)
        return adapter.on_message(message)

    def _site_fact(self, site: ResourceKey, _: SiteLivenessAdapter, message: Message, _id: str) -> str:
        return self._site_topics.on_message(site, message)

    def _publish_state(self, site: ResourceKey) -> None:
        """Enqueue the site if the state of its session has changed."""
        state = self._sessions.state(site)
        current = (state.connected, state.refused, state.untrusted) if state is not None else (False, False, False)
        if self._last_state.get(site) == current:
            return
        self._last_state[site] = current
        if state is not None:
            level = logging.INFO if state.connected else logging.WARNING
            logger.log(level, "EdgeSite %s/%s: its broker: %s", *site, state.message)
        self._on_state_changed(site)

    HANDLERS: ClassVar = Dispatcher(
        {
            **dict.fromkeys(SiteLivenessAdapter.HANDLERS.topics, _update_liveness),
            topic_table.DEVICE_STATUS: _device_status,
            topic_table.ROSTER: _roster_entry,
            topic_table.ROSTER_END: _roster_end,
            **dict.fromkeys(SiteTopics.HANDLERS.topics, _site_fact),
            topic_table.BROKER_BOOT: _site_fact_and_liveness,
            topic_table.COMPONENT_STATUS: _site_fact_and_liveness,
        }
    )
    """By topic; each returns the kind of the message."""
