"""Producers one after another: each continues with what the one before it did not deliver."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor

from confluent_kafka import KafkaError, KafkaException

from edge_pacing.backoff import Backoff
from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.kafka.config import producer_settings
from edge_processor.sinks.kafka.files import Files
from edge_processor.sinks.kafka.login import LoginError, read_login
from edge_processor.sinks.kafka.producing.generation import Generation
from edge_processor.sinks.kafka.producing.isolation import Isolation
from edge_processor.sinks.kafka.producing.lane import KafkaLane
from edge_processor.sinks.kafka.producing.link import Link
from edge_processor.sinks.kafka.producing.service import Service

logger = logging.getLogger(__name__)


class Producers:
    """Runs a producer, and another one after it has failed or the Secret has changed.

    Args:
        settings: of the processor.
        brokers: as `host:port,host:port`.
        link: gets what happens.
        lanes: in the order in which they hand over records.
    """

    def __init__(self, settings: ProcessorSettings, brokers: str, link: Link, lanes: Sequence[KafkaLane]) -> None:
        self._settings = producer_settings(settings, brokers)
        self._directory = settings.kafka_credentials_dir
        self._topic = settings.kafka_topic
        self._link = link
        self._lanes = lanes
        self._isolation = Isolation()
        self._service: Service | None = None

    def wake(self) -> None:
        """Hand over what waits."""
        if self._service is not None:
            self._service.wake()

    async def run(self, thread: Executor) -> None:
        """Run until cancelled.

        Args:
            thread: asks Kafka and frees producers, one after another.
        """
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            files = Files(self._directory)
            try:
                generation = self._create()
            except LoginError as error:
                self._link.lost(str(error))
            except KafkaException as error:
                self._link.failed(error.args[0])
            else:
                if await self._serve(generation, files, thread):
                    backoff.reset()
                    continue
            await files.changed_within(backoff.next())

    def _create(self) -> Generation:
        self._link.renew()
        settings = {**self._settings, **read_login(self._directory).settings()}
        return Generation(settings, self._isolation.batch_messages, self._isolation.batch_bytes, self._link.note)

    async def _serve(self, generation: Generation, files: Files, thread: Executor) -> bool:
        """Deliver until the producer must be replaced; return whether another one follows at once."""

        def is_over() -> bool:
            return self._isolation.is_over() or files.have_changed()

        service = Service(generation, self._lanes, self._link, self._topic, is_over)
        self._service = service
        watch = asyncio.create_task(service.watch(thread))
        error: KafkaError | None = None
        is_rejection = False
        try:
            error = await service.ended
        finally:
            self._service = None
            service.stop()
            watch.cancel()
            try:
                await generation.purge()
            finally:
                for lane in self._lanes:
                    lane.settle()
                is_rejection = self._isolation.take_back(self._lanes, generation.batch_messages)
                thread.submit(generation.free)
        if error is None or is_rejection:
            return True
        logger.warning("another Kafka producer continues: %s", error.str())
        if not (error.fatal() and service.has_delivered):
            self._link.failed(error, until_proof=True)
        return service.has_delivered
