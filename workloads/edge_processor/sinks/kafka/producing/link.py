"""State of the connection to Kafka: what the last events say."""

import asyncio
import logging
import time

from confluent_kafka import KafkaError

from edge_processor.sinks.kafka.producing.words import GENERAL, in_words, rank_of

CAUSE_SECONDS = 45.0
"""How long a cause is more than its consequences; librdkafka reports the same error again each 30 s."""

logger = logging.getLogger(__name__)


class Link:
    """Whether Kafka answers, and why it does not.

    Args:
        brokers: for the log.
        topic: of the readings.

    Attributes:
        connected: set while the last attempt to reach Kafka succeeded.
        doubt: set after an error: an attempt must show whether Kafka answers.
    """

    def __init__(self, brokers: str, topic: str) -> None:
        self.connected = asyncio.Event()
        self.doubt = asyncio.Event()
        self._brokers = brokers
        self._topic = topic
        self._last_error = ""
        self._cause: KafkaError | None = None
        self._cause_at = 0.0
        self._needs_proof = False

    @property
    def last_error(self) -> str:
        """Why the last attempt failed; empty if it succeeded."""
        return self._last_error

    def note(self, error: KafkaError) -> None:
        """Take an error that librdkafka reports beside the records: it may be one of many brokers."""
        now = time.monotonic()
        is_old = now - self._cause_at > CAUSE_SECONDS
        if self._cause is None or rank_of(error) >= rank_of(self._cause) or is_old:
            self._cause, self._cause_at = error, now
        self.doubt.set()

    def renew(self) -> None:
        """Forget the cause of errors: a new producer may have other settings."""
        self._cause = None

    def reached(self, *, is_proof: bool) -> None:
        """Record that Kafka answered.

        Args:
            is_proof: whether it would also confirm records; after `lost` with `until_proof` nothing else counts.
        """
        if self._needs_proof and not is_proof:
            return
        self._needs_proof = False
        self._cause = None
        self._last_error = ""
        if not self.connected.is_set():
            logger.info("connected to Kafka at %s", self._brokers)
            self.connected.set()

    def failed(self, error: KafkaError, *, until_proof: bool = False) -> None:
        """Record that an attempt failed: for the cause that librdkafka reported, if `error` has none."""
        is_general = error.code() in GENERAL
        cause = self._cause if is_general and self._cause is not None else error
        self.lost(in_words(cause, self._topic), until_proof=until_proof)

    def lost(self, why: str, *, until_proof: bool = False) -> None:
        """Record that Kafka does not answer, for the reason `why`."""
        if self.connected.is_set() or why != self._last_error:
            logger.warning("not connected to Kafka at %s: %s", self._brokers, why)
        self._needs_proof = self._needs_proof or until_proof
        self._last_error = why
        self.connected.clear()
