"""Publishes batches of stored readings on `cloud/sensors/{id}`."""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from edge_processor.delivery.errors import REFUSED, RETRY
from edge_service.mqtt import MqttSession, PublishRefusedError
from edge_wire import topics
from edge_wire.store.line import device_id_of

CACHED_TOPICS = 4096
"""Number of devices with a topic in the cache."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of publishing a batch; all other readings are delivered.

    Attributes:
        again: positions in the batch of the readings that must be published again.
        refused: positions of the readings that the broker rejects, with its reason.
    """

    again: tuple[int, ...] = ()
    refused: tuple[tuple[int, Exception], ...] = ()


class SensorsPublisher:
    """Publishes with QoS 1; the only place that depends on how the session sends many messages.

    Attributes:
        connected: set while there is a connection.
    """

    def __init__(self, session: MqttSession) -> None:
        self._session = session
        self.connected = session.connected

    def send(self, lines: Sequence[bytes]) -> asyncio.Future[Outcome]:
        """Send readings, in order; the future is done when each is acknowledged, rejected, or the connection ended."""
        answers = asyncio.gather(*(self._send(line) for line in lines), return_exceptions=True)
        return asyncio.ensure_future(_outcome(answers))

    def _send(self, line: bytes) -> asyncio.Future[int]:
        try:
            topic = _topic(device_id_of(line))
        except ValueError as error:
            refused: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            refused.set_exception(PublishRefusedError(str(error)))
            return refused
        return self._session.send(topic, line)


async def _outcome(answers: "asyncio.Future[list[int | BaseException]]") -> Outcome:
    again: list[int] = []
    refused: list[tuple[int, Exception]] = []
    for position, answer in enumerate(await answers):
        if isinstance(answer, RETRY):
            again.append(position)
        elif isinstance(answer, REFUSED):
            refused.append((position, answer))
        elif isinstance(answer, BaseException):
            raise answer
    return Outcome(tuple(again), tuple(refused))


@functools.lru_cache(CACHED_TOPICS)
def _topic(device_id: bytes) -> str:
    return topics.sensors(device_id.decode())
