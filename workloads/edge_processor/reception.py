"""What happens with the messages of each read: readings wait for the store, other messages are handled at once."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from edge_mqtt5 import RETAIN_FLAG, Publish
from edge_processor.activity import ActivityPublisher
from edge_processor.batcher import Batcher, Received
from edge_processor.command_acks import CommandAcks
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import Acknowledging
from edge_wire import topic_table
from edge_wire.dispatcher import Dispatcher

MAX_ROUTES = 20_000
"""Maximum number of topics with a known handler; beyond it all are looked up again."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """One read.

    Attributes:
        connection: received it.
        received_at: the time, in milliseconds since 1970.
        arrived: the time in seconds of the event loop's clock.
        queued_ms: milliseconds that its messages waited in the broker's queue; 0 if that is short or unknown.
        received: the messages of devices, to store.
        active: devices with a message that is not retained.
        handled: packet identifiers of messages that need no storing.
    """

    connection: Acknowledging
    received_at: int
    arrived: float
    queued_ms: int
    received: list[Received] = field(default_factory=list)
    active: dict[str, float] = field(default_factory=dict)
    handled: list[int] = field(default_factory=list)


Handler = Callable[["Reception", Publish, str, _Read], None]


class Reception:
    """Receives the messages of the session.

    Attributes:
        draining: whether messages of devices are ignored: they go to the next ingester.
    """

    def __init__(
        self,
        prefix: str,
        batcher: Batcher,
        acks: CommandAcks,
        activity: ActivityPublisher,
        metrics: ProcessorMetrics,
    ) -> None:
        """Prepare.

        Args:
            prefix: of the site's topics.
            batcher: gets the messages of devices.
            acks: gets their acknowledgements of commands.
            activity: gets markers and requests, and which devices sent messages.
            metrics: of the processor.
        """
        self.draining = False
        self._prefix = prefix
        self._batcher = batcher
        self._acks = acks
        self._activity = activity
        self._metrics = metrics
        self._routes: dict[bytes, tuple[Handler, str]] = {}

    def receive(self, publishes: Sequence[Publish], connection: Acknowledging) -> None:
        """Handle the messages of a read."""
        now = asyncio.get_running_loop().time()
        read = _Read(connection, int(time.time() * 1000), now, self._activity.queued_ms(now))
        routes = self._routes
        for publish in publishes:
            handle, device_id = routes.get(publish[0]) or self._route(publish[0])
            handle(self, publish, device_id, read)
        self._metrics.received.inc(len(read.received))
        self._batcher.add(read.received)
        self._activity.messages_received(read.active)
        connection.acknowledge(read.handled)

    def _route(self, topic: bytes) -> tuple[Handler, str]:
        """Return the handler of a topic and the device in it; the reason instead if it has none."""
        try:
            handle, device_id = self.HANDLERS.find(self._without_prefix(topic.decode()))
        except ValueError as error:
            return Reception._unnamed, str(error)
        if len(self._routes) >= MAX_ROUTES:
            self._routes.clear()
        self._routes[topic] = handle, device_id
        return handle, device_id

    def _without_prefix(self, topic: str) -> str:
        if not topic.startswith(self._prefix):
            raise ValueError(f"the topic {topic!r} is not one of this site: it does not begin with {self._prefix}")
        return topic.removeprefix(self._prefix)

    def _take(self, publish: Publish, device_id: str, read: _Read) -> None:
        _, payload, first, packet_id = publish
        if not first & RETAIN_FLAG:
            read.active[device_id] = read.arrived
        if self.draining:
            self._metrics.received.inc()
            return
        if not packet_id and self._batcher.is_full(len(read.received)):
            self._metrics.received.inc()
            self._metrics.dropped.inc()
            logger.warning("dropped a message of %s with QoS 0: too many wait for the store", device_id)
            return
        read.received.append(
            Received(device_id, payload, packet_id, read.received_at, read.arrived, read.connection, read.queued_ms)
        )

    def _command_ack(self, publish: Publish, device_id: str, read: _Read) -> None:
        _, payload, first, packet_id = publish
        if not first & RETAIN_FLAG:
            read.active[device_id] = read.arrived
        if self.draining:
            return
        if not self._acks.put(device_id, payload, packet_id, read.connection):
            self._handled(publish, read)

    def _unnamed(self, publish: Publish, why: str, read: _Read) -> None:
        self._metrics.received.inc()
        self._metrics.unnamed.inc()
        logger.warning("cannot store a message: %s", why)
        self._handled(publish, read)

    def _marker(self, publish: Publish, _: str, read: _Read) -> None:
        self._activity.marker_returned(publish[1], read.arrived)
        self._handled(publish, read)

    def _request(self, publish: Publish, _: str, read: _Read) -> None:
        self._activity.asked()
        self._handled(publish, read)

    def _handled(self, publish: Publish, read: _Read) -> None:
        if publish[3]:
            read.handled.append(publish[3])

    HANDLERS: ClassVar[Dispatcher[Handler]] = Dispatcher(
        {
            topic_table.DEVICE_DATA: _take,
            topic_table.DEVICE_COMMAND_ACK: _command_ack,
            topic_table.ACTIVITY_REQUEST: _request,
            topic_table.ACTIVITY_MARKER: _marker,
        }
    )
    """By topic; readings, which are most messages, come first."""
