"""From the batcher into the store; messages are acknowledged after the commit, never before."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby

from edge_processor.batcher import Batcher, Received
from edge_processor.commits import Commits
from edge_processor.metrics import ProcessorMetrics
from edge_wire.store.frames import CommitAnswer, MessageRejection

MAX_IN_FLIGHT = 2
"""Maximum number of batches between the batcher and their acknowledgement: the store has work while this process
acknowledges and publishes."""

logger = logging.getLogger(__name__)


class Ingest:
    """Stores batches and acknowledges them in their order, which keeps the order of each device."""

    def __init__(
        self, batcher: Batcher, commits: Commits, stored: Callable[[CommitAnswer], None], metrics: ProcessorMetrics
    ) -> None:
        """Begin: messages are submitted to the store as they are added to the batcher.

        Args:
            batcher: has the messages.
            commits: commits them to the store.
            stored: called with the answer of the store, after the messages were acknowledged.
            metrics: of the processor.
        """
        self._batcher = batcher
        self._commits = commits
        self._pass_on = stored
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._in_flight = 0
        batcher.on_some = self._submit
        self._submit()

    def _submit(self) -> None:
        while self._in_flight < MAX_IN_FLIGHT and len(self._batcher):
            batch = self._batcher.take()
            self._in_flight += 1
            self._commits.submit(batch, partial(self._stored, batch))

    def _stored(self, batch: Sequence[Received], stored: CommitAnswer) -> None:
        connection = batch[0].connection
        connection.acknowledge([each.packet_id for each in batch if each.packet_id])
        self._count(batch, stored)
        self._pass_on(stored)
        # Together with what is published of them: one write.
        connection.flush()
        self._batcher.done()
        self._in_flight -= 1
        self._submit()

    def _count(self, batch: Sequence[Received], stored: CommitAnswer) -> None:
        metrics = self._metrics
        metrics.batch.observe(len(batch))
        metrics.received_to_committed.observe(self._loop.time() - batch[0].arrived)
        metrics.accepted.inc(stored.accepted)
        metrics.duplicates.inc(stored.duplicates)
        for index, rejections in groupby(stored.rejections, key=lambda each: each.index):
            self._report_rejected(batch[index].device_id, tuple(rejections))

    def _report_rejected(self, device_id: str, rejections: Sequence[MessageRejection]) -> None:
        for reason, count in Counter(rejection.reason for rejection in rejections).items():
            self._metrics.rejected.labels(reason).inc(count)
        logger.warning(
            "%d readings in a message of %s are invalid and were stored as dead letters: %s",
            len(rejections),
            device_id,
            rejections[0].message,
        )
