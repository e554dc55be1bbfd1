"""Real Kafka nodes for tests, on free loopback ports, with topics and what is read from them.

Loaded by `pytest_plugins` of tests/conftest.py. `kafka()` gives a node that answers.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from e2e.cluster.errors import HarnessError
from e2e.cluster.wait import until
from e2e.kafka.build import KafkaPrograms, ensure_kafka
from e2e.kafka.node import HOST, Kafka, new_node
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of
from tests.support.missing import not_run
from tests.support.running_brokers import RUNNING

ROOT = bytes(range(32))
OTHER_ROOT = bytes(range(1, 33))
NAME = "kafka"
USER, PASSWORD = "edge", "edge-password"
SECONDS = 30.0


def authority(root: bytes = ROOT) -> str:
    """Return the certificate of the authority that signed the node's; of another one with `OTHER_ROOT`."""
    return authority_certificate(root, NAME)


@dataclass(frozen=True)
class Record:
    """What a consumer reads."""

    key: str
    value: bytes
    headers: Mapping[str, str]
    partition: int


def create_topic(kafka: Kafka, topic: str, partitions: int = 3, **config: str) -> None:
    """Create a topic; `config` has `_` for each dot."""
    admin = AdminClient({"bootstrap.servers": kafka.brokers})
    settings = {name.replace("_", "."): value for name, value in config.items()}
    admin.create_topics([NewTopic(topic, partitions, 1, config=settings)])[topic].result(SECONDS)

    def has_leaders() -> bool:
        found = admin.list_topics(topic, SECONDS).topics[topic]
        return found.error is None and len(found.partitions) == partitions

    assert until(has_leaders, seconds=SECONDS)


def read_topic(kafka: Kafka, topic: str) -> list[Record]:
    """Return all records of a topic, in the order of each partition."""
    settings = {"bootstrap.servers": kafka.brokers, "group.id": secrets.token_hex(8), "enable.auto.commit": False}
    with closing(Consumer(settings)) as consumer:
        found = consumer.list_topics(topic, SECONDS).topics[topic].partitions
        ends = [(TopicPartition(topic, number, 0), _end(consumer, topic, number)) for number in found]
        consumer.assign([place for place, end in ends if end])
        records: list[Record] = []
        while any(end and consumer.position([place])[0].offset < end for place, end in ends):
            records += map(_record, consumer.consume(10_000, 1.0))
        return records


def _end(consumer: Consumer, topic: str, partition: int) -> int:
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), SECONDS)
    return end


def _record(message: Message) -> Record:
    assert message.error() is None, message.error()
    pairs = dict(message.headers() or ())
    headers = {name: value.decode() for name, value in pairs.items() if isinstance(value, bytes)}
    key, value = message.key(), message.value()
    assert isinstance(key, bytes)
    assert isinstance(value, bytes)
    return Record(key.decode(), value, headers, message.partition() or 0)


class KafkaFactory:
    """Makes nodes and ends them all.

    Args:
        programs: Java and the jars.
        directory: under which each node gets its own.
    """

    def __init__(self, programs: KafkaPrograms, directory: Path) -> None:
        self._programs = programs
        self._directory = directory
        self._made: list[Kafka] = []

    def __call__(self, **settings: str) -> Kafka:
        """Return a node that takes connections; `settings` are more lines of server.properties, with `_` for dots."""
        made = broker_certificate(ROOT, NAME, [HOST, "localhost"], period_of(datetime.now(UTC)))
        node = new_node(
            self._programs,
            self._directory / f"kafka-{len(self._made)}",
            authority=authority(),
            certificate=made.key + made.certificate,
            users={USER: PASSWORD},
            settings={name.replace("_", "."): value for name, value in settings.items()},
        )
        self._made.append(node)
        RUNNING[node.directory] = node
        node.start()
        return node

    def end_all(self) -> None:
        """End every node that still runs."""
        for node in self._made:
            node.kill()
            RUNNING.pop(node.directory, None)


@pytest.fixture(scope="session")
def kafka_programs(request: pytest.FixtureRequest) -> KafkaPrograms:
    """Java and Kafka's jars; if they cannot be had, the tests that need them are not run."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            return ensure_kafka()
    except HarnessError as error:
        not_run(error)


@pytest.fixture
def kafka(kafka_programs: KafkaPrograms, tmp_path: Path) -> Iterator[Callable[..., Kafka]]:
    """Start nodes for one test."""
    factory = KafkaFactory(kafka_programs, tmp_path)
    yield factory
    factory.end_all()


@pytest.fixture(scope="module")
def module_kafka(kafka_programs: KafkaPrograms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Start one node for the tests of one module, which neither stop it nor use each other's topics."""
    factory = KafkaFactory(kafka_programs, tmp_path_factory.mktemp("kafka"))
    yield factory()
    factory.end_all()
