"""Finds the record because of which Kafka rejects a request."""

import asyncio
import logging
from collections.abc import Sequence

from edge_processor.delivery.destination import Outcome
from edge_processor.sinks.kafka.config import BATCH_BYTES, BATCH_MESSAGES
from edge_processor.sinks.kafka.producing.lane import KafkaLane

logger = logging.getLogger(__name__)

DIVISOR = 8
"""How much smaller the requests of the next producer are than one that Kafka rejected."""


class Isolation:
    """Limits of requests: small ones while records must be sent again of which Kafka rejected a request.

    Kafka rejects a request as a whole. A request with one record shows that this record is rejected.

    Attributes:
        batch_messages: maximum number of records in a request.
        batch_bytes: maximum size of a request before compression.
    """

    def __init__(self) -> None:
        self.batch_messages = BATCH_MESSAGES
        self.batch_bytes = BATCH_BYTES
        self._suspected: list[asyncio.Future[Outcome]] = []
        self._has_rejected = False

    def take_back(self, lanes: Sequence[KafkaLane], batch_messages: int) -> bool:
        """Make all that was not confirmed wait for the next producer; return whether Kafka rejected a request.

        Args:
            lanes: of which the producer had records; all its reports are served.
            batch_messages: maximum number of records in its requests.
        """
        count = sum(lane.suspects_count for lane in lanes)
        is_final = count == 1 or batch_messages == 1
        unconfirmed = [done for lane in lanes for done in lane.unconfirmed()]
        rejected = [lane.take_back(final=is_final) for lane in lanes]
        if count and not is_final:
            if not self._suspected:
                self._suspected = unconfirmed
                self._has_rejected = False
            self.batch_messages = max(1, count // DIVISOR)
            logger.info("Kafka rejects a request of %d records: trying %d at a time", count, self.batch_messages)
        self._has_rejected = self._has_rejected or any(rejected)
        return count > 0

    def is_over(self) -> bool:
        """Return whether these records are all delivered or rejected, so that requests may be large again."""
        if not self._suspected or not all(done.done() for done in self._suspected):
            return False
        self._suspected = []
        self.batch_messages = BATCH_MESSAGES
        if not self._has_rejected:
            # No record was at fault: the topic allows smaller requests only.
            self.batch_bytes = max(1, self.batch_bytes // DIVISOR)
        return True
