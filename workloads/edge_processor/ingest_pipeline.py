"""The work of a replica that holds the lease: connect, store, publish; and its shutdown."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from edge_mqtt5 import Publish
from edge_pacing.backoff import Backoff
from edge_processor.activity import ActivityPublisher
from edge_processor.batcher import Batcher
from edge_processor.cloud_commands import build_cloud_commands
from edge_processor.command_acks import CommandAcks
from edge_processor.commits import Commits
from edge_processor.delivery.ledger import entries_of
from edge_processor.delivery.sink_reporter import SinkReporter
from edge_processor.ingest import Ingest
from edge_processor.lease import LeaseClient
from edge_processor.metrics import ProcessorMetrics
from edge_processor.reception import Reception
from edge_processor.rules import hand_over_rules
from edge_processor.session import Acknowledging, IngestSession
from edge_processor.session_options import session_options
from edge_processor.settings import ProcessorSettings
from edge_processor.shutdown_deadline import ShutdownDeadline
from edge_processor.sinks import build_sinks
from edge_processor.status import StatusPublisher
from edge_processor.storage_reporter import StorageReporter
from edge_processor.store_link import StoreLink
from edge_processor.supervised import supervised
from edge_service.store import StoreClient
from edge_wire.store import Lease
from edge_wire.store.frames import CommitAnswer

MAX_BATCH_BYTES = 1024 * 1024
LEAVE_SECONDS = 2.0
END_SECONDS = 15.0
"""Longer than the session takes to close if the broker does not answer, which is 10 s."""

logger = logging.getLogger(__name__)


class IngestPipeline:
    """The ingester's pipeline, from the lease's acquisition to its loss or the shutdown of the process."""

    def __init__(
        self,
        settings: ProcessorSettings,
        store: StoreClient,
        lease_client: LeaseClient,
        lease: Lease,
        holder: str,
        metrics: ProcessorMetrics,
    ) -> None:
        self._settings = settings
        self._store = store
        self._lease_client = lease_client
        self._lease = lease
        self._metrics = metrics
        self._batcher = Batcher(settings.batch_messages, MAX_BATCH_BYTES)
        status = StatusPublisher(holder)
        self.session = IngestSession(
            session_options(settings, status.will),
            self._receive_batch,
            self._connected,
            Backoff(first=0.1, longest=5.0),
            self._may_connect,
            # Before the next connection: the lag of this one must not apply to its first messages.
            on_down=lambda _: self._disconnected(),
        )
        self._status = status
        self._storage = StorageReporter(self.session, store, status)
        self._sinks = build_sinks(settings, self.session, store, lease.token, metrics)
        self._sink_reports = SinkReporter(self.session, store, status, self._sinks.external)
        self._cloud_commands = build_cloud_commands(settings, metrics)
        self._activity = ActivityPublisher(self.session, store, metrics, lambda: self._batcher.is_idle)
        self._acks = CommandAcks(store, metrics)
        self._reception = Reception(settings.mqtt_topic_prefix, self._batcher, self._acks, self._activity, metrics)
        self._link = StoreLink(settings.storage_url, lease.ingest_port or 0, self._stored_elsewhere)
        self._commits = Commits(self._link, settings.edge_location, lease.token, metrics)
        Ingest(self._batcher, self._commits, self._stored, metrics)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then store the received messages and disconnect.

        The process exits if a task does not end within `END_SECONDS`.

        Raises:
            ExceptionGroup: of LeaseLostError or FencedError: another replica is the ingester; nothing is acknowledged.
        """
        with ShutdownDeadline(END_SECONDS) as deadline:
            async with asyncio.TaskGroup() as group:
                publishing = group.create_task(self._activity.run(), name="activity")
                work = [
                    group.create_task(self._lease_client.renew(self._lease, self._renewed), name="lease"),
                    group.create_task(self._link.run(), name="store-link"),
                    group.create_task(self._receive(), name="session"),
                    group.create_task(self._storage.run(), name="storage-report"),
                    group.create_task(self._declare_sinks(), name="sinks"),
                    group.create_task(
                        supervised("the reports about sinks", self._sink_reports.run), name="sink-reports"
                    ),
                    group.create_task(self._commits.run(), name="commits"),
                    group.create_task(
                        supervised("the storing of command acknowledgements", self._acks.run), name="command-acks"
                    ),
                    *(group.create_task(sink.run(), name=sink.name) for sink in self._sinks.all),
                    *(group.create_task(each.run(), name=each.name) for each in self._cloud_commands),
                ]
                deadline.watch((publishing, *work))
                await stop.wait()
                await self._drain()
                deadline.begin()
                await self._end(publishing, work)

    async def _end(self, publishing: asyncio.Task[None], work: Sequence[asyncio.Task[None]]) -> None:
        # A digest after the `offline` status would mean that the processor is available.
        publishing.cancel()
        await asyncio.wait({publishing})
        await self._leave()
        for task in work:
            task.cancel()

    async def _declare_sinks(self) -> None:
        await self._sinks.declaration.run()
        # A task of `work` runs until it is cancelled: the end of one starts the countdown of the shutdown.
        await asyncio.Event().wait()

    async def _receive(self) -> None:
        await hand_over_rules(self._settings.rules_file, self._store, self._lease.token)
        await self.session.run()

    async def _drain(self) -> None:
        """Store the received messages; later ones are not acknowledged and go to the next ingester."""
        self._reception.draining = True
        logger.info("shutting down: storing the %d messages that were received", len(self._batcher))
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._batcher.idle()
                await asyncio.gather(*(sink.drained() for sink in self._sinks.all))
        except TimeoutError:
            logger.warning("%d messages were not stored in time: the next ingester gets them", len(self._batcher))

    async def _leave(self) -> None:
        if self.session.connected.is_set():
            # Above all if messages are left: others must know that nobody publishes who sends readings.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._status.publish_offline(self.session)

    async def _may_connect(self) -> None:
        """Wait until the lease is certainly valid and the messages of the last connection are stored.

        Connecting disconnects the client with the same id, which must be a former ingester, never a later one. And the
        broker redelivers unacknowledged messages: storing them first bounds the memory.
        """
        await self._batcher.idle()
        await self._lease_client.valid()

    async def _connected(self, _session_present: bool) -> None:  # noqa: FBT001 - the shape of a callback
        self._activity.restart()
        await self._status.publish_online(self.session)
        # A request to the previous ingester may not have been answered.
        self._activity.asked()

    def _disconnected(self) -> None:
        self._activity.restart()
        self._acks.disconnected()

    def _receive_batch(self, publishes: Sequence[Publish], connection: Acknowledging) -> None:
        self._reception.receive(publishes, connection)

    def _stored(self, answer: CommitAnswer) -> None:
        if answer.lines:
            entries = entries_of(answer.lines)
            for sink in self._sinks.all:
                sink.stored(entries, answer.alerts)

    def _stored_elsewhere(self, newest_offset: int) -> None:
        for sink in self._sinks.all:
            sink.stored_elsewhere(newest_offset)

    def _renewed(self, lease: Lease) -> None:
        if lease.ingest_port is not None:
            self._link.port = lease.ingest_port
