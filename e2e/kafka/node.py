"""One Kafka node on this machine, in KRaft mode, with plaintext, TLS, and SASL over TLS."""

import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import Keeper, tied
from e2e.cluster.ports import free_ports
from e2e.cluster.wait import until
from e2e.kafka.build import KafkaPrograms

HOST = "127.0.0.1"
HERE = Path(__file__).parent
NAME = "kafka"
START_SECONDS = 120.0
STOP_SECONDS = 20.0
FORMAT_SECONDS = 120.0
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"

# For a short life: little memory, a quick start.
JVM = (
    *("-Xms32m", "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-XX:MaxMetaspaceSize=96m", "-XX:ReservedCodeCacheSize=48m", "-XX:-UsePerfData"),
)


@dataclass(frozen=True)
class Kafka:
    """One node; its data stay in `directory` while it is stopped.

    Attributes:
        programs: Java and the jars.
        directory: its configuration, data and log.
        ports: by the name of the listener: plaintext, ssl, sasl_ssl, controller.
    """

    programs: KafkaPrograms
    directory: Path
    ports: Mapping[str, int]
    _keeper: Keeper = field(repr=False)

    @property
    def brokers(self) -> str:
        """The listener without TLS."""
        return f"{HOST}:{self.ports['plaintext']}"

    @property
    def tls_brokers(self) -> str:
        """The listener with TLS and no login."""
        return f"{HOST}:{self.ports['ssl']}"

    @property
    def sasl_brokers(self) -> str:
        """The listener with TLS and SCRAM-SHA-512."""
        return f"{HOST}:{self.ports['sasl_ssl']}"

    @property
    def log(self) -> Path:
        """The log of the last start."""
        return self._keeper.log(NAME)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._keeper.find(NAME) is not None

    def launch(self) -> None:
        """Start it, with the data that it had; returns at once."""
        self._keeper.start(NAME, self._java("kafka.Kafka", str(self.directory / "server.properties")))

    def start(self) -> None:
        """Start it, with the data that it had; returns when it takes connections.

        Raises:
            HarnessError: it has ended, or takes none in time.
        """
        self.launch()
        until(lambda: not self.alive or self.listens(), seconds=START_SECONDS)
        if not self.listens():
            raise HarnessError(f"Kafka in {self.directory} does not start: {self._keeper.log_tail(NAME)}")

    def listens(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.ports["plaintext"])) == 0

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, such as SIGSTOP."""
        self._keeper.signal(NAME, number)

    def stop(self) -> None:
        """Stop it in good order."""
        self._keeper.end(NAME, grace=STOP_SECONDS)

    def kill(self) -> None:
        """End it by kill -9; returns when it has ended."""
        self.signal(signal.SIGKILL)
        self._keeper.end(NAME, grace=STOP_SECONDS)

    def format(self, users: Mapping[str, str]) -> None:
        """Write an empty storage with users by their names.

        Raises:
            HarnessError: Kafka's tool failed; with what it printed.
        """
        scram = [f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in users.items()]
        added = [word for each in scram for word in ("--add-scram", each)]
        config = ["-c", str(self.directory / "server.properties")]
        command = self._java("kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER_ID, *config, *added)
        done = subprocess.run(
            tied(command), capture_output=True, text=True, check=False, timeout=FORMAT_SECONDS, cwd=self.directory
        )
        if done.returncode != 0:
            raise HarnessError(f"Kafka's storage cannot be formatted: {(done.stdout + done.stderr)[-1000:]}")

    def _java(self, *arguments: str) -> list[str]:
        log4j = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        return [str(self.programs.java), *JVM, log4j, "-cp", f"{self.programs.jars}/*", *arguments]


def new_node(
    programs: KafkaPrograms,
    directory: Path,
    *,
    authority: str,
    certificate: str,
    users: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
) -> Kafka:
    """Return a node with an empty storage on free ports, not started; it ends with this process.

    Args:
        programs: Java and the jars.
        directory: of its own.
        authority: certificate of the authority, in PEM.
        certificate: of the server, with its key in PKCS #8, in PEM.
        users: passwords by username, for SASL.
        settings: more lines of server.properties, such as auto.create.topics.enable.

    Raises:
        HarnessError: the storage cannot be formatted.
    """
    directory.mkdir(parents=True)
    ports = dict(zip(("plaintext", "ssl", "sasl_ssl", "controller"), free_ports(4), strict=True))
    text = (HERE / "server.properties").read_text()
    for name, value in {**ports, "directory": directory}.items():
        text = text.replace(f"@{name}@", str(value))
    more = "".join(f"{name}={value}\n" for name, value in (settings or {}).items())
    for name, content in (
        ("server.properties", text + more),
        ("ca.crt", authority),
        ("server.pem", certificate + authority),
    ):
        (directory / name).write_text(content)
        (directory / name).chmod(0o600)
    node = Kafka(programs, directory, ports, Keeper(directory, tied=True))
    node.format(users)
    return node
