"""Records of one call of a sender, until each is confirmed or rejected."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from edge_processor.delivery.destination import Outcome

Headers = list[tuple[str, str | bytes | None]]

Record = tuple[bytes, bytes, Headers]
"""Key, value and headers."""

REFUSALS = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_RECORD,
    }
)
"""Codes by which Kafka rejects a request because of a record in it. All others are about the cluster, the topic or the
user, and a correction of these is waited for."""


class Batch:
    """Records in order.

    Args:
        topic: where they go.
        items: one for each record.
        record: returns the record of an item; the values of two records differ.

    Attributes:
        done: the result for the sender.
        size_bytes: of the values.
    """

    __slots__ = ("_failed", "_items", "_left", "_next", "_record", "_refused", "_todo", "_topic", "done", "size_bytes")

    def __init__(self, topic: str, items: Sequence[Any], record: Callable[[Any], Record], size_bytes: int) -> None:
        self.done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.size_bytes = size_bytes
        self._topic = topic
        self._items = items
        self._record = record
        self._todo: Sequence[int] = range(len(items))
        self._next = 0
        self._left = 0
        self._failed: list[tuple[KafkaError, bytes]] = []
        self._refused: dict[int, str] = {}

    def produce(self, producer: Producer) -> bool:
        """Hand the records to the producer; return whether it has them all: its queue may be full.

        Raises:
            KafkaException: the producer cannot be used any more.
        """
        produce, record, todo = producer.produce, self._record, self._todo
        topic, delivered = self._topic, self._delivered
        while self._next < len(todo):
            key, value, headers = record(self._items[todo[self._next]])
            try:
                produce(topic, value, key, -1, delivered, headers=headers)
            except BufferError:
                return False
            except KafkaException as error:
                if error.args[0].code() not in REFUSALS:
                    raise
                self._refused[todo[self._next]] = error.args[0].str()
            else:
                self._left += 1
            self._next += 1
        return True

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        # Called for each reading: a success must be cheap. A failure is found again by its value.
        self._left -= 1
        if error is not None:
            self._failed.append((error, message.value() or b""))

    @property
    def is_settled(self) -> bool:
        """Whether each record is confirmed or failed."""
        return self._left == 0 and self._next == len(self._todo)

    @property
    def unreported_count(self) -> int:
        """Number of records that the producer has, and that are neither confirmed nor failed."""
        return self._left

    @property
    def failure(self) -> KafkaError | None:
        """Why a record failed: a rejection if there is one; None if no record failed."""
        errors = [error for error, _ in self._failed]
        return next((error for error in errors if error.code() in REFUSALS), errors[0] if errors else None)

    @property
    def suspects_count(self) -> int:
        """Number of records of requests that Kafka rejected."""
        return sum(error.code() in REFUSALS for error, _ in self._failed)

    def finish(self) -> None:
        """Report the outcome; each record is confirmed or rejected."""
        if not self.done.done():
            self.done.set_result(Outcome(tuple(sorted(self._refused.items()))))

    def take_back(self, *, final: bool) -> bool:
        """Prepare what was not confirmed for the next producer; return whether a record was rejected.

        Args:
            final: whether each request that Kafka rejected had one record, which is rejected thereby.
        """
        failed: Mapping[bytes, KafkaError] = {value: error for error, value in self._failed}
        # Without all reports it is not known which records are confirmed: all are sent again.
        is_known = self._left == 0
        again, rejected = [], False
        for position in self._todo[: self._next]:
            if position in self._refused:
                continue
            error = failed.get(self._record(self._items[position])[1])
            if final and error is not None and error.code() in REFUSALS:
                self._refused[position] = error.str()
                rejected = True
            elif error is not None or not is_known:
                again.append(position)
        self._todo = [*again, *self._todo[self._next :]]
        self._next = self._left = 0
        self._failed = []
        return rejected
