"""Acknowledgements of commands by MQTT: stored, then acknowledged to the broker, whether or not a gateway runs."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from edge_pacing.backoff import Backoff
from edge_processor.metrics import ProcessorMetrics
from edge_processor.session import Acknowledging
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.messages import CommandAck, MalformedError
from edge_wire.store import StoreUnavailableError

MAX_ACKS = 1000
"""Maximum number of acknowledgements in the queue; more are dropped."""

MAX_ACKS_OF_DEVICE = 100
"""Maximum number of items of one device: the flood of one device does not displace those of others."""

MAX_BATCH_ACKS = 100
"""Maximum number of acknowledgements in a request to the store."""

MAX_BATCH_BYTES = 1024 * 1024
"""Largest sum of their payloads, in bytes; a request to the store may have twice as many."""

GATEWAY_SECONDS = 1.0
"""Seconds in which a gateway stores an acknowledgement, if one runs: it notifies the sender of the command."""

logger = logging.getLogger(__name__)


class WaitingAck(NamedTuple):
    """An acknowledgement that is not stored yet.

    Attributes:
        device_id: the sender, by the topic.
        ack: the message.
        packet_id: to acknowledge to the broker once it is stored; 0 with QoS 0.
        connection: received the message.
        due: when it is stored, in seconds of the event loop's clock.
        size: of its payload, in bytes.
    """

    device_id: str
    ack: CommandAck
    packet_id: int
    connection: Acknowledging
    due: float
    size: int


class CommandAcks:
    """Stores acknowledgements in their order; the broker keeps them in the ingester's session until that is done.

    A gateway that runs stores them first. The store keeps the first answer of a device to each command.

    Args:
        store: keeps the commands.
        metrics: of the processor.
    """

    def __init__(self, store: StoreClient, metrics: ProcessorMetrics) -> None:
        self._store = store
        self._metrics = metrics
        self._waiting: deque[WaitingAck] = deque()
        self._of_device: Counter[str] = Counter()
        self._any = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def put(self, device_id: str, payload: bytes, packet_id: int, connection: Acknowledging) -> bool:
        """Queue an acknowledgement; return False if it is dropped, so that it must not wait at the broker."""
        try:
            ack = CommandAck.parse(payload)
            ack.encode()
        except TypeError as error:
            return self._malformed(device_id, "json", str(error))
        except MalformedError as error:
            return self._malformed(device_id, error.reason, error.message)
        if len(self._waiting) >= MAX_ACKS or self._of_device[device_id] >= MAX_ACKS_OF_DEVICE:
            self._metrics.dropped_acks.labels("queue_full").inc()
            logger.warning("dropped a command acknowledgement of device %s: too many wait for the store", device_id)
            return False
        due = self._loop.time() + GATEWAY_SECONDS
        self._waiting.append(WaitingAck(device_id, ack, packet_id, connection, due, len(payload)))
        self._of_device[device_id] += 1
        self._any.set()
        return True

    def disconnected(self) -> None:
        """Drop what the broker delivers again on the next connection."""
        kept = [each for each in self._waiting if not each.packet_id]
        self._waiting = deque(kept)
        self._of_device = Counter(each.device_id for each in kept)

    async def run(self) -> None:
        """Store acknowledgements until cancelled; while the store is unavailable they wait."""
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            batch = await self._next_batch()
            try:
                result = await self._store.acknowledge_commands([(each.device_id, each.ack) for each in batch])
            except StoreUnavailableError as error:
                logger.warning("command acknowledgements wait for the store: %s", error)
                await asyncio.sleep(backoff.next())
                continue
            except StoreRefusedError as error:
                self._drop(batch, error)
            else:
                backoff.reset()
                self._metrics.acks_stored.inc(result.stored)
                self._report_unknown([batch[index] for index in result.unknown])
            self._done(batch)

    async def _next_batch(self) -> list[WaitingAck]:
        while True:
            now = self._loop.time()
            if batch := self._due(now):
                return batch
            if self._waiting:
                await asyncio.sleep(self._waiting[0].due - now)
                continue
            self._any.clear()
            await self._any.wait()

    def _due(self, now: float) -> list[WaitingAck]:
        batch: list[WaitingAck] = []
        size = 0
        for each in islice(self._waiting, MAX_BATCH_ACKS):
            size += each.size
            if each.due > now or (batch and size > MAX_BATCH_BYTES):
                break
            batch.append(each)
        return batch

    def _malformed(self, device_id: str, reason: str, message: str) -> bool:
        self._metrics.dropped_acks.labels(reason).inc()
        logger.warning("cannot decode a command acknowledgement of device %s: %s", device_id, message)
        return False

    def _done(self, batch: Sequence[WaitingAck]) -> None:
        for each in batch:
            # After a reconnect they are no longer first, or are there again.
            if self._waiting and self._waiting[0] is each:
                self._waiting.popleft()
                self._of_device -= Counter((each.device_id,))
            if each.packet_id:
                each.connection.acknowledge([each.packet_id])

    def _drop(self, batch: Sequence[WaitingAck], error: StoreRefusedError) -> None:
        self._metrics.dropped_acks.labels("refused").inc(len(batch))
        logger.error("dropped %d command acknowledgements: %s: check the store's release", len(batch), error)

    def _report_unknown(self, unknown: Sequence[WaitingAck]) -> None:
        self._metrics.dropped_acks.labels("unknown_command").inc(len(unknown))
        for each in unknown:
            logger.warning("device %s acknowledged an unknown command: %s", each.device_id, each.ack.command_id[:64])
