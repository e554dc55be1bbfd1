"""One producer of librdkafka, from its creation to its end."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from edge_logs.limit import RateLimit
from edge_pacing.backoff import Backoff

PROBE_SECONDS = 1.0
"""Maximum time of one attempt to reach Kafka; connections go on in the background."""

PURGE_SECONDS = 2.0
"""Maximum time to wait for the reports about purged records."""

_QUIET = ("enable.gapless.guarantee is experimental", "Gap-less ordering would not be guaranteed")
"""What librdkafka logs at each start, and at each record that Kafka rejects: the sink logs that."""

_logger = logging.getLogger(f"{__name__}.librdkafka")
_logger.addFilter(lambda record: not any(each in record.getMessage() for each in _QUIET))
_logger.addFilter(RateLimit(per_second=1 / 60, burst=5))


class Generation:
    """A producer that is replaced when it has failed.

    Args:
        settings: of librdkafka.
        batch_messages: maximum number of records in a request.
        batch_bytes: maximum size of a request before compression.
        noted: receives errors beside those of the records.

    Attributes:
        producer: of librdkafka.
        batch_messages: as given.
        is_open: whether Kafka has answered, and the topic exists.
        failure: why the producer cannot be used any more; None if it can.

    Raises:
        KafkaException: the settings cannot be used, for example a file with authorities.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        batch_messages: int,
        batch_bytes: int,
        noted: Callable[[KafkaError], None],
    ) -> None:
        limits = {"batch.num.messages": batch_messages, "batch.size": batch_bytes, "error_cb": noted}
        self.producer = Producer({**settings, **limits}, logger=_logger)
        self.batch_messages = batch_messages
        self.is_open = False
        self.failure: KafkaError | None = None

    def poll(self) -> int:
        """Serve the reports that are there, without waiting; return their number.

        In the thread of the event loop: from another thread each report would wait for the interpreter's lock.
        """
        try:
            return self.producer.poll(0)
        except KafkaException as error:
            # librdkafka's Python binding raises a fatal error here.
            self.failure = self.failure or error.args[0]
            return 1

    async def probe(self, topic: str, thread: Executor) -> KafkaError | None:
        """Ask Kafka for a topic; return why that fails, None if it succeeds."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(thread, self.producer.list_topics, topic, PROBE_SECONDS)
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            return reason
        known = found.topics.get(topic)
        problem: KafkaError | None = known.error if known else None
        return problem

    async def purge(self) -> None:
        """Give up all records, and serve the reports about them."""
        self.producer.purge(blocking=False)
        pause = Backoff(first=0.001, longest=0.02)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PURGE_SECONDS):
                self.poll()
                while len(self.producer):
                    await asyncio.sleep(pause.next())
                    self.poll()

    def free(self) -> None:
        """End librdkafka's threads; waits for them. The object cannot be used any more."""
        # Without `close`, which flushes: nothing is left that could be sent.
        del self.producer
