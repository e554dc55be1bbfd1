"""Publishes batches of stored readings on `cloud/sensors/{id}`."""

import asyncio
import functools
from collections.abc import Sequence

from edge_mqtt5 import Bulk, reason_name
from edge_processor.delivery.destination import Outcome
from edge_processor.session import IngestSession
from edge_wire import topics
from edge_wire.store.line import device_id_of

CACHED_TOPICS = 4096
"""Number of devices with a topic in the cache."""

_UNNAMED = "its device id cannot be a level of a topic"


class SensorsPublisher:
    """Publishes with QoS 1; the only place that depends on how the session sends many messages.

    Attributes:
        connected: set while there is a connection.
    """

    def __init__(self, session: IngestSession) -> None:
        self._session = session
        self.connected = session.connected

    def send(self, lines: Sequence[bytes]) -> asyncio.Future[Outcome]:
        """Send readings, in order; the future is done when each is acknowledged or rejected.

        The session sends again what was not acknowledged when a connection ended.
        """
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        messages = [(topic, line) for line in lines if (topic := _topic(device_id_of(line)))]
        positions: Sequence[int] = range(len(lines))
        unnamed: tuple[tuple[int, str], ...] = ()
        if len(messages) < len(lines):
            positions = [at for at, line in enumerate(lines) if _topic(device_id_of(line))]
            unnamed = tuple((at, _UNNAMED) for at in sorted({*range(len(lines))}.difference(positions)))

        def moved(bulk: Bulk) -> None:
            if bulk.is_complete and not done.done():
                refused = tuple((positions[index], reason_name(why)) for index, why in bulk.refused.items())
                done.set_result(Outcome(unnamed + refused))

        if messages:
            self._session.publish_many(messages, moved)
        else:
            done.set_result(Outcome(unnamed))
        return done


@functools.lru_cache(CACHED_TOPICS)
def _topic(device_id: bytes) -> bytes:
    """Return the topic of a device; empty if its id cannot be a level of a topic."""
    try:
        return topics.sensors(device_id.decode()).encode()
    except ValueError:
        return b""
