"""What a measured site forwards to: a receiver with TLS, or Kafka; each can leave and come back."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from benchmarks.path.site import Tool
from e2e.cluster.ports import free_ports
from e2e.kafka.build import ensure_kafka
from e2e.kafka.node import Kafka, new_node
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of
from tests.support.child import HOST
from tests.support.kafka import create_topic

ROOT_KEY = bytes(range(32, 64))
AUTHORITY = "far-end"
TOPIC, ALERTS_TOPIC = "edge-readings", "alerts"
PARTITIONS = 3
ARRIVAL_SECONDS = 900.0
POLL_SECONDS = 0.1


class FarEnd(Protocol):
    """A sink's far end."""

    name: str

    def settings(self) -> Mapping[str, str]:
        """Return the processor's settings for this sink."""

    def come_back(self) -> float:
        """Take connections, and forget what arrived before.

        Returns:
            The moment from which it takes connections, in seconds since 1970.
        """

    def leave(self) -> None:
        """Take no connections."""

    def ask(self, command: str) -> dict[str, Any]:
        """Return what has arrived, after `begin`, `count` or `figures`."""

    def end(self) -> None:
        """End everything."""


def await_readings(end: FarEnd, count: int, seconds: float = ARRIVAL_SECONDS) -> dict[str, Any]:
    """Return the figures of a far end once `count` readings have arrived since its `begin`.

    Raises:
        AssertionError: they have not, after `seconds`.
    """
    begun = time.monotonic()
    while (figures := end.ask("count"))["readings"] < count:
        assert time.monotonic() < begun + seconds, f"{figures['readings']:,} of {count:,} readings are at {end.name}"
        time.sleep(POLL_SECONDS)
    return end.ask("figures")


def _certificate() -> str:
    made = broker_certificate(ROOT_KEY, AUTHORITY, [HOST, "localhost"], period_of(datetime.now(UTC)))
    return made.key + made.certificate


def _credentials(directory: Path, files: Mapping[str, str]) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in {**files, "ca.crt": authority_certificate(ROOT_KEY, AUTHORITY)}.items():
        (directory / name).write_text(content)
    return directory


@dataclass
class Cloud:
    """The receiver, as a process.

    Attributes:
        directory: of its files.
    """

    directory: Path
    name: str = field(default="cloud", init=False)
    _tool: Tool | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        (self._port,) = free_ports(1)
        (self.directory / "cloud.pem").write_text(_certificate())

    def settings(self) -> Mapping[str, str]:
        """Return the processor's settings for this sink."""
        credentials = _credentials(self.directory / "cloud-credentials", {"token": "t" * 32})
        return {"CLOUD_ENDPOINT": f"https://{HOST}:{self._port}", "CLOUD_CREDENTIALS_DIR": str(credentials)}

    def come_back(self) -> float:
        """Listen, as a new process."""
        arguments = ("--port", str(self._port), "--certificate", str(self.directory / "cloud.pem"))
        self._tool = Tool("benchmarks.forward.receiver", self.directory, arguments)
        self._tool.await_ready()
        return time.time()

    def leave(self) -> None:
        """End the receiver: its port refuses connections."""
        if self._tool is not None:
            self._tool.end()
            self._tool = None

    def ask(self, command: str) -> dict[str, Any]:
        """Return what has arrived."""
        assert self._tool is not None
        return _answer(self._tool, command)

    def end(self) -> None:
        """End the receiver."""
        self.leave()


@dataclass
class KafkaEnd:
    """Kafka with TLS and SASL, and a consumer that counts.

    Attributes:
        directory: of its files.
    """

    directory: Path
    name: str = field(default="kafka", init=False)
    _node: Kafka = field(init=False)
    _tool: Tool | None = field(default=None, init=False)
    _is_new: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self._node = new_node(
            ensure_kafka(),
            self.directory / "kafka",
            authority=authority_certificate(ROOT_KEY, AUTHORITY),
            certificate=_certificate(),
            users={"edge": "edge-password"},
        )

    def settings(self) -> Mapping[str, str]:
        """Return the processor's settings for this sink."""
        login = {"username": "edge", "password": "edge-password"}
        return {
            "OUTPUT_SINK": f"kafka://{self._node.sasl_brokers}",
            "KAFKA_TOPIC": TOPIC,
            "KAFKA_ALERTS_TOPIC": ALERTS_TOPIC,
            "KAFKA_CREDENTIALS_DIR": str(_credentials(self.directory / "kafka-credentials", login)),
        }

    def come_back(self) -> float:
        """Start Kafka; the first time it gets its topics and the consumer."""
        if self._tool is not None:
            self.ask("begin")
        self._node.start()
        back = time.time()
        if self._is_new:
            create_topic(self._node, TOPIC, PARTITIONS)
            create_topic(self._node, ALERTS_TOPIC, 1)
            self._is_new = False
        if self._tool is None:
            settings = json.dumps({"bootstrap.servers": self._node.brokers})
            arguments = ("--settings", settings, "--topic", TOPIC)
            self._tool = Tool("benchmarks.forward.kafka_counter", self.directory, arguments)
            self._tool.await_ready()
        return back

    def leave(self) -> None:
        """End Kafka in good order: the consumer waits for it."""
        self._node.stop()

    def ask(self, command: str) -> dict[str, Any]:
        """Return what has arrived."""
        assert self._tool is not None
        return _answer(self._tool, command)

    def end(self) -> None:
        """End Kafka and the consumer."""
        if self._tool is not None:
            self._tool.end()
        self._node.kill()


def _answer(tool: Tool, command: str) -> dict[str, Any]:
    tool.go(command)
    figures: dict[str, Any] = json.loads(tool.answer())
    return figures


@contextmanager
def far_ends(names: Iterable[str], directory: Path) -> Iterator[list[FarEnd]]:
    """Yield far ends by the names of their sinks, none of which takes connections yet; end them afterwards."""
    made: list[FarEnd] = []
    try:
        for name in names:
            end: FarEnd = Cloud(directory) if name == "cloud" else KafkaEnd(directory)
            made.append(end)
        yield made
    finally:
        for each in made:
            each.end()
