"""The ingester's session: connects and reconnects as `MqttSession` does, for thousands of messages a second."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

from edge_mqtt5 import MAX_PACKET_ID, Bulk, Outgoing, Publish
from edge_pacing.backoff import Backoff
from edge_processor.session.connection import IngestConnection
from edge_processor.session.receiver import Acknowledging, Receiver
from edge_service.mqtt import Login, MqttError, MqttOptions, MqttSession
from edge_service.mqtt.session import at_once, nothing, unmoved

logger = logging.getLogger(__name__)


def _ignore(publishes: Sequence[Publish], _connection: Acknowledging) -> None:
    logger.debug("no client is subscribed to the topics of %d messages", len(publishes))


class IngestSession(MqttSession):
    """A session that receives in batches, and publishes many messages with one confirmation.

    All that is sent within one turn of the event loop goes out in one write: acknowledgements and messages. Reads are
    paced: what arrives within 20 ms after a read is one batch, and a message after a pause is read at once.

    `publish` raises PublishRefusedError for QoS 2 as well.
    """

    def __init__(
        self,
        options: MqttOptions,
        on_batch: Receiver = _ignore,
        on_connected: Callable[[bool], Awaitable[None]] = nothing,
        backoff: Backoff | None = None,
        may_connect: Callable[[], Awaitable[None]] = at_once,
        on_down: Callable[[MqttError], None] = unmoved,
    ) -> None:
        """Prepare a session.

        Args:
            options: of the session; `manual_ack` is always on.
            on_batch: called in the event loop for each read; must not block.
            on_connected: awaited after each connect, concurrently, with whether the broker has resumed the session.
            backoff: waits between attempts.
            may_connect: awaited before each attempt; returns when this client may connect.
            on_down: called with the error when an attempt fails, or when the connection is lost.
        """
        super().__init__(options, on_connected=on_connected, backoff=backoff, may_connect=may_connect, on_down=on_down)
        self._on_batch = on_batch
        # A random start: the session may contain an incomplete QoS 2 delivery of an earlier process, with an
        # identifier that this process does not have.
        self._outgoing = Outgoing(secrets.randbelow(MAX_PACKET_ID), options.inflight)

    @property
    def window_messages(self) -> int:
        """Maximum number of unacknowledged messages; without a connection that of the options."""
        return self._outgoing.window_messages or self.options.inflight

    def publish_many(self, messages: Sequence[tuple[bytes, bytes]], moved: Callable[[Bulk], None]) -> Bulk:
        """Publish messages with QoS 1, in their order, behind those of earlier calls; return their progress.

        They wait while there is no connection. What the broker has not acknowledged when a connection ends goes out
        again on the next one. The caller bounds the number of messages that wait.

        Args:
            messages: topics in UTF-8 without the site's prefix, and payloads.
            moved: called after a read with acknowledgements: `Bulk.confirmed` is the number of messages at the
                beginning that are all acknowledged, and `Bulk.refused` has the reason codes of those that the broker
                does not take. Must not block.
        """
        if prefix := self.options.prefix.encode():
            messages = [(prefix + topic, payload) for topic, payload in messages]
        bulk = Bulk(messages, moved)
        self._outgoing.send_many(bulk)
        if isinstance(self._connection, IngestConnection):
            self._connection.write_soon()
        return bulk

    def _new_connection(self, login: Login) -> IngestConnection:
        return IngestConnection(self.options, login, self._outgoing, self._on_batch, self.connected.clear)
