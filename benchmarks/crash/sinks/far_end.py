"""The sinks of a crash run: a cloud receiver and Kafka, at the far end of a link, with what records their arrivals."""

import json
import secrets
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.crash.evidence import SinkEvidence
from benchmarks.crash.parts import KeptDaemon, Part, Program, Wire
from benchmarks.crash.script import Target
from benchmarks.crash.sinks.far_kafka import Certificates, Login, kafka_at_far_end
from benchmarks.crash.sinks.lines import SinkFile
from e2e.cluster.wait import until
from e2e.kafka.node import Kafka
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of
from tests.edge_service.process import ServiceProcess
from tests.support.link import Link

ROOT_KEY = bytes(range(64, 96))
AUTHORITY = "far-end"
NAMESPACE, SITE = "plants", "plant-1"
CLOUD_PORT = 8443
READINGS, ALERTS = "edge-readings", "alerts"
USER = "edge"
PARTITIONS = 3
START_SECONDS = 60.0
SYNC_INTERVAL = "2s"


@dataclass
class Sinks:
    """The far end of a crash run.

    Attributes:
        directory: of its files.
        link: to it.
        names: of the sinks: `cloud`, `kafka`.
    """

    directory: Path
    link: Link
    names: Collection[str]
    _processes: dict[str, ServiceProcess] = field(default_factory=dict, init=False)
    _files: dict[str, SinkFile] = field(default_factory=dict, init=False)
    _kafka: Kafka | None = field(default=None, init=False)
    _deceived: int = field(default=0, init=False)
    _secret: str = field(default_factory=lambda: secrets.token_hex(16), init=False)

    @contextmanager
    def started(self) -> Iterator["Sinks"]:
        """Run the sinks."""
        with ExitStack() as ending:
            ending.callback(self._end)
            hosts = [self.link.name("cloud"), self.link.name("kafka")]
            made = broker_certificate(ROOT_KEY, AUTHORITY, hosts, period_of(datetime.now(UTC)))
            self._certificate = made.key + made.certificate
            (self.directory / "far.pem").write_text(self._certificate)
            for name in self.names:
                self._files[name] = SinkFile(self.directory / f"{name}.arrived")
            if Target.CLOUD in self.names:
                self._start_cloud()
            if Target.KAFKA in self.names:
                self._start_kafka()
            yield self

    def settings(self) -> Mapping[str, str]:
        """Return the settings of a processor."""
        found = {"EDGE_NAMESPACE": NAMESPACE, "EDGE_SITE": SITE, "SYNC_INTERVAL": SYNC_INTERVAL}
        if Target.CLOUD in self.names:
            found["CLOUD_ENDPOINT"] = f"https://{self.link.name('cloud')}:{CLOUD_PORT}"
            found["CLOUD_CREDENTIALS_DIR"] = str(self._credentials("cloud", {"token": self._secret}))
        if self._kafka is not None:
            login = {"username": USER, "password": self._secret}
            found["OUTPUT_SINK"] = f"kafka://{self.link.name('kafka')}:{self._kafka.ports['sasl_ssl']}"
            found |= {"KAFKA_TOPIC": READINGS, "KAFKA_ALERTS_TOPIC": ALERTS}
            found["KAFKA_CREDENTIALS_DIR"] = str(self._credentials("kafka", login))
        return found

    def part(self, target: Target) -> Part:
        """Return a part of the far end."""
        if target is Target.LINK:
            return Wire(self.link)
        if target is Target.KAFKA:
            assert self._kafka is not None
            return KeptDaemon(self._kafka, "kafka")
        return Program(self._processes[target])

    def read(self) -> int:
        """Read what is new at all sinks; return the number of readings, alerts and repeats."""
        return sum(each.read() for each in self._files.values())

    def arrived(self) -> Mapping[str, SinkEvidence]:
        """Return what has arrived at each sink in this round, so far."""
        return {name: SinkEvidence(each.readings, each.alerts) for name, each in self._files.items()}

    def take(self, dead_letters: Mapping[str, int]) -> tuple[Mapping[str, SinkEvidence], int]:
        """Return the evidence of the round and how many connections another server got; begin the next round.

        Args:
            dead_letters: number of dead letters of each sink since the last round.
        """
        was, self._deceived = self._deceived, self.link.figures()["deceived"]
        evidence = {name: each.take(dead_letters.get(name, 0)) for name, each in self._files.items()}
        return evidence, self._deceived - was

    def _start_cloud(self) -> None:
        environment = {
            "CLOUD_RECEIVER_DATABASE": str(self.directory / "cloud.db"),
            "CLOUD_RECEIVER_TOKEN": self._secret,
            # It is killed, and its machine is not.
            "CLOUD_RECEIVER_SYNCHRONOUS": "NORMAL",
        }
        place = ("--host", self.link.far, "--port", str(CLOUD_PORT), "--certificate", str(self.directory / "far.pem"))
        self._start("cloud", "cloud", [*place, "--record", str(self._files["cloud"].path)], environment)
        self._await_port(CLOUD_PORT)

    def _start_kafka(self) -> None:
        login = Login(USER, self._secret)
        made = Certificates(self._authority(), self._certificate)
        self._kafka = kafka_at_far_end(self.link, self.directory, made, login)
        self._kafka.launch()
        plaintext: dict[str, str | int | float | bool] = {
            "bootstrap.servers": f"{self.link.far}:{self._kafka.ports['plaintext']}"
        }
        self._await_port(self._kafka.ports["plaintext"])
        topics = [NewTopic(READINGS, PARTITIONS, 1), NewTopic(ALERTS, 1, 1)]
        admin = AdminClient(plaintext)
        for created in admin.create_topics(topics).values():
            created.result(START_SECONDS)
        record = ("--topic", READINGS, "--alerts-topic", ALERTS, "--record", str(self._files["kafka"].path))
        self._start("kafka-consumer", "kafka", ["--settings", json.dumps(plaintext), *record], {})

    def _start(self, name: str, module: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        program = f"benchmarks.crash.sinks.{module}"
        prefix = self.link.far_prefix()
        process = ServiceProcess(program, self.directory, name, environment, arguments, prefix)
        self._processes[name] = process.start()

    def _await_port(self, port: int) -> None:
        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((self.link.far, port)) == 0

        assert until(listens, seconds=START_SECONDS), f"nothing listens on port {port} of the far end"

    def _authority(self) -> str:
        return authority_certificate(ROOT_KEY, AUTHORITY)

    def _credentials(self, name: str, files: Mapping[str, str]) -> Path:
        place = self.directory / f"{name}-credentials"
        place.mkdir(exist_ok=True)
        for file, content in {**files, "ca.crt": self._authority()}.items():
            (place / file).write_text(content)
        return place

    def _end(self) -> None:
        for process in self._processes.values():
            process.kill()
        if self._kafka is not None:
            self._kafka.kill()


@contextmanager
def started_sinks(directory: Path, names: Collection[str]) -> Iterator[Sinks]:
    """Yield sinks that run at the far end of a link that is up.

    Raises:
        HarnessError: this machine cannot have a link, or Kafka cannot be had.
    """
    directory.mkdir()
    link = Link(directory).start()
    try:
        with Sinks(directory, link, names).started() as sinks:
            yield sinks
    finally:
        link.end()
