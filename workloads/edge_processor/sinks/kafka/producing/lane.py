"""One lane: batches that wait for room, and batches that the producer has."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, Producer

from edge_processor.delivery.destination import DeliveryError, Outcome
from edge_processor.sinks.kafka.producing.batch import REFUSALS, Batch, Record
from edge_processor.sinks.kafka.producing.words import in_words

WINDOW_BYTES = 1024 * 1024
"""Maximum size of what the producer has of a lane; one batch may be larger."""


class KafkaLane:
    """Delivers batches in the order of the calls.

    Args:
        topic: where the records go.
        record: returns the record of an item.
        size_bytes: returns the approximate size of an item.
        changed: called when a batch was added.
        is_patient: whether records that fail for a reason outside of them are kept for the next producer. Otherwise
            the caller gets a DeliveryError.
    """

    def __init__(
        self,
        topic: str,
        record: Callable[[Any], Record],
        size_bytes: Callable[[Any], int],
        changed: Callable[[], None],
        *,
        is_patient: bool,
    ) -> None:
        self._topic = topic
        self._record = record
        self._size_bytes = size_bytes
        self._changed = changed
        self._is_patient = is_patient
        self._waiting: deque[Batch] = deque()
        self._sent: deque[Batch] = deque()
        self._sent_bytes = 0
        self._is_blocked = False

    def send(self, entries: Sequence[Any]) -> asyncio.Future[Outcome]:
        """Deliver items, in order; the future is done when each is confirmed or rejected."""
        batch = Batch(self._topic, entries, self._record, sum(map(self._size_bytes, entries)))
        self._waiting.append(batch)
        batch.done.add_done_callback(partial(self._drop, batch))
        self._changed()
        return batch.done

    @property
    def is_busy(self) -> bool:
        """Whether a record is not confirmed."""
        return bool(self._sent or self._waiting)

    @property
    def is_in_flight(self) -> bool:
        """Whether the producer has records of this lane."""
        return bool(self._sent)

    @property
    def unreported_count(self) -> int:
        """Number of records that the producer has, and that are neither confirmed nor failed."""
        return sum(batch.unreported_count for batch in self._sent)

    def unconfirmed(self) -> list[asyncio.Future[Outcome]]:
        """Return the results of the batches that the producer has."""
        return [batch.done for batch in self._sent]

    @property
    def suspects_count(self) -> int:
        """Number of records of requests that Kafka rejected."""
        return sum(batch.suspects_count for batch in self._sent)

    def pump(self, producer: Producer) -> None:
        """Hand batches to the producer while there is room.

        Raises:
            KafkaException: the producer cannot be used any more.
        """
        if self._is_blocked:
            self._is_blocked = not self._sent[-1].produce(producer)
        while self._waiting and not self._is_blocked:
            following = self._sent_bytes + self._waiting[0].size_bytes
            if self._sent and following > WINDOW_BYTES:
                return
            batch = self._waiting.popleft()
            if batch.done.cancelled():
                continue
            self._sent.append(batch)
            self._sent_bytes = following
            self._is_blocked = True
            self._is_blocked = not batch.produce(producer)

    def settle(self) -> KafkaError | None:
        """Report the batches that are delivered; return an error after which another producer must continue."""
        while self._sent and self._sent[0].is_settled:
            batch = self._sent[0]
            failure = batch.failure
            if failure is not None:
                if self._is_patient or failure.fatal() or failure.code() in REFUSALS:
                    return failure
                self._give_up(batch, failure)
            batch.finish()
            self._sent.popleft()
            self._sent_bytes -= batch.size_bytes
        return None

    def _drop(self, batch: Batch, done: asyncio.Future[Outcome]) -> None:
        """Forget a batch that its caller does not wait for any more, unless the producer has it."""
        if done.cancelled() and batch in self._waiting:
            self._waiting.remove(batch)

    def _give_up(self, batch: Batch, failure: KafkaError) -> None:
        if not batch.done.done():
            batch.done.set_exception(DeliveryError(in_words(failure, self._topic)))

    def take_back(self, *, final: bool) -> bool:
        """Make all that was not confirmed wait for the next producer; return whether a record was rejected.

        Args:
            final: whether each request that Kafka rejected had one record.
        """
        rejected = [batch.take_back(final=final) for batch in self._sent]
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        self._sent_bytes = 0
        self._is_blocked = False
        return any(rejected)
