"""Real brokers for tests: Mosquitto on free loopback ports, with the files that the operator renders.

Loaded by `pytest_plugins` of tests/conftest.py. `mosquitto(["d1", "d2"])` gives a broker that answers.
"""

import os
import re
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import Keeper
from e2e.cluster.ports import free_ports
from e2e.cluster.wait import until
from e2e.mosquitto.build import ensure_mosquitto
from edge_operator.api.broker import BrokerClient
from edge_operator.desired.config_map.mosquitto import BrokerLayout, QueueLimits, access_file, mosquitto_conf
from edge_operator.identity import logins
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of
from edge_operator.identity.passwords import Login, password_file
from tests.support.missing import not_run
from tests.support.retained import retained
from tests.support.running_brokers import RUNNING

ROOT = bytes(range(32))
HOST = "127.0.0.1"
MEMORY_LIMIT = 128 * 1024**2
"""The default of the broker's pod."""

START_SECONDS = 20.0
STOP_SECONDS = 20.0
NAME = "mosquitto"


@dataclass(frozen=True)
class Mosquitto:
    """One broker; its data stay in `directory` while it is stopped.

    Attributes:
        programs: where mosquitto, mosquitto_pub, … are.
        directory: its configuration, data and log.
        layout: its ports and directories.
        passwords: every login's password by its username.
    """

    programs: Path
    directory: Path
    layout: BrokerLayout
    passwords: dict[str, str]
    _keeper: Keeper = field(repr=False)

    @property
    def url(self) -> str:
        """The listener of devices and further clients."""
        return f"mqtt://{HOST}:{self.layout.mqtt}"

    @property
    def tls_url(self) -> str:
        """The listener with TLS."""
        return f"mqtts://{HOST}:{self.layout.mqtts}"

    @property
    def authority(self) -> str:
        """The certificate of the authority that signed the broker's, in PEM."""
        return authority_certificate(ROOT, NAME)

    @property
    def components_url(self) -> str:
        """The listener of the components."""
        return f"mqtt://{HOST}:{self.layout.components}"

    @property
    def log(self) -> Path:
        """The broker's own log, over all its starts."""
        return Path(self.layout.log_dir) / "mosquitto.log"

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._keeper.find(NAME) is not None

    def credentials(self, username: str) -> Path:
        """Return a directory as EDGE_CREDENTIALS_DIR wants it, with `username` and `password`."""
        place = self.directory / "credentials" / username
        place.mkdir(parents=True, exist_ok=True)
        (place / "username").write_text(username)
        (place / "password").write_text(self.passwords[username])
        (place / "ca.crt").write_text(self.authority)
        return place

    def start(self) -> None:
        """Start it, with the data that it had; returns when it answers a CONNECT."""
        self.launch()
        self.await_answer()

    def await_answer(self) -> None:
        """Return when it answers a CONNECT on both listeners; it has been launched."""
        until(lambda: not self.alive or self._answers(), seconds=START_SECONDS)
        if not self._answers():
            raise AssertionError(f"Mosquitto in {self.directory} does not answer: {self._keeper.log_tail(NAME)}")

    def launch(self) -> None:
        """Start it, with the data that it had; returns at once."""
        RUNNING[self.directory] = self
        self._keeper.start(NAME, [str(self.programs / NAME), "-c", f"{self.layout.config_dir}/mosquitto.conf"])

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._keeper.signal(NAME, number)

    def listens(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.layout.components)) == 0

    def stop(self) -> None:
        """Stop it in good order: it publishes the wills and saves its data."""
        self._keeper.end(NAME, grace=STOP_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would: kill -9."""
        self._keeper.signal(NAME, signal.SIGKILL)
        self._keeper.end(NAME, grace=STOP_SECONDS)

    def save(self) -> None:
        """Ask it to save its data now, as it does each minute."""
        self._keeper.signal(NAME, signal.SIGUSR1)

    def lose_data(self) -> None:
        """Take away what it has saved; it must not run."""
        for path in (self.directory / "data").iterdir():
            if path.is_file():
                path.unlink()

    def retained(self, topic: str, username: str = logins.OPERATOR) -> dict[str, bytes]:
        """Return what it has retained under a filter and `username` may read, by topic."""
        port = self.layout.components if username in logins.COMPONENTS else self.layout.mqtt
        return retained(HOST, port, topic, username, self.passwords[username])

    def arguments(self, username: str, client_id: str | None = None) -> list[str]:
        """Return the arguments of mosquitto_pub and mosquitto_sub that log a user in where he belongs."""
        port = self.layout.components if username in logins.COMPONENTS else self.layout.mqtt
        login = ["-u", username, "-P", self.passwords[username], "-i", client_id or username]
        return ["-h", HOST, "-p", str(port), "-V", "5", *login]

    def _answers(self) -> bool:
        """Whether it takes a real CONNECT on both listeners."""
        return all(self._connects(username) for username in (logins.OPERATOR, self._any_device()))

    def _any_device(self) -> str:
        return next((name for name in self.passwords if name not in logins.COMPONENTS), logins.OPERATOR)

    def _connects(self, username: str) -> bool:
        command = [str(self.programs / "mosquitto_sub"), *self.arguments(username, f"ready-{secrets.token_hex(4)}")]
        done = subprocess.run([*command, "-E", "-W", "5", "-t", "ready"], capture_output=True, check=False, timeout=60)
        return done.returncode == 0


def _stopped_without_data(broker: Mosquitto) -> None:
    broker.stop()
    broker.lose_data()


def _killed_without_data(broker: Mosquitto) -> None:
    broker.kill()
    broker.lose_data()


ENDS: Mapping[str, Callable[[Mosquitto], None]] = MappingProxyType(
    {
        "SIGTERM": Mosquitto.stop,
        "SIGTERM without its data": _stopped_without_data,
        "kill -9": Mosquitto.kill,
        "kill -9 without its data": _killed_without_data,
    }
)
"""How a broker may end, with and without what it had kept."""


class MosquittoFactory:
    """Makes brokers and ends them all.

    Args:
        programs: where mosquitto, mosquitto_pub, … are.
        directory: under which each broker gets its own.
    """

    def __init__(self, programs: Path, directory: Path) -> None:
        self._programs = programs
        self._directory = directory
        self._made: list[Mosquitto] = []

    def __call__(
        self,
        devices: Iterable[str] = (),
        clients: Sequence[BrokerClient] = (),
        memory_limit: int = MEMORY_LIMIT,
    ) -> Mosquitto:
        """Return a broker that answers, with the logins of all components, `devices` and `clients`.

        Args:
            devices: ids of the devices that can log in.
            clients: the further clients, as in `broker.managed.clients`.
            memory_limit: of the pod that it is meant to be in; its queues follow from it.
        """
        broker = self.launched(devices, clients, memory_limit)
        broker.await_answer()
        return broker

    def launched(
        self,
        devices: Iterable[str] = (),
        clients: Sequence[BrokerClient] = (),
        memory_limit: int = MEMORY_LIMIT,
    ) -> Mosquitto:
        """Return a broker as a call does, as soon as it listens: the caller starts other things meanwhile."""
        broker = self._laid_out(devices, clients, memory_limit)
        self._made.append(broker)
        broker.launch()
        # Its ports are free for the next one to choose until it listens.
        until(lambda: broker.listens() or not broker.alive, seconds=START_SECONDS)
        return broker

    def many(self, count: int, devices: Iterable[str]) -> list[Mosquitto]:
        """Return many brokers with the same logins that listen, in a fraction of the time that as many calls take."""
        return [self.launched(devices) for _ in range(count)]

    def end_all(self) -> None:
        """End every broker that still runs."""
        for broker in self._made:
            broker.kill()
            RUNNING.pop(broker.directory, None)

    def _laid_out(self, devices: Iterable[str], clients: Sequence[BrokerClient], memory_limit: int) -> Mosquitto:
        here = self._directory / f"broker-{len(self._made)}"
        mqtt, websockets, mqtts, components = free_ports(4)
        places = [str(here / name) for name in ("config", "data", "log", "data/auth")]
        for place in places:
            Path(place).mkdir(parents=True, exist_ok=True)
        layout = BrokerLayout(mqtt, websockets, mqtts, components, *places)
        known = known_logins(devices, clients)
        made = broker_certificate(ROOT, NAME, [HOST, "localhost"], period_of(datetime.now(UTC)))
        files = {
            "config/mosquitto.conf": on_this_machine(mosquitto_conf(layout, QueueLimits.within(memory_limit))),
            "config/acl": access_file(clients),
            "data/auth/passwords": password_file(ROOT, known),
            "data/auth/tls.pem": made.certificate + made.key,
        }
        for name, content in files.items():
            (here / name).write_text(content)
            (here / name).chmod(0o600)
        passwords = {login.username: login.password for login in known}
        return Mosquitto(self._programs, here, layout, passwords, Keeper(here, tied=True))


def known_logins(devices: Iterable[str], clients: Iterable[BrokerClient]) -> list[Login]:
    """Return the logins of a site's components, of `clients` and of `devices` in their first rotation."""
    return [*logins.site_logins(ROOT, clients), *(logins.device_login(ROOT, name, 0) for name in devices)]


def on_this_machine(conf: str) -> str:
    """Return what the operator renders for a pod, listening on loopback only; root stays root to read the files.

    The broker tells of itself each second, so that no test waits for it: each 10 s in a pod (test_broker_config.py).
    """
    quick = re.sub(r"^sys_interval \d+$", "sys_interval 1", conf, flags=re.MULTILINE)
    bound = re.sub(r"^(listener \d+)$", rf"\1 {HOST}", quick, flags=re.MULTILINE)
    return f"user root\n{bound}" if os.geteuid() == 0 else bound


@pytest.fixture(scope="session")
def mosquitto_programs(request: pytest.FixtureRequest) -> Path:
    """The directory with Mosquitto's programs; where they cannot be had, the tests that need them are not run."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    try:
        # A first build takes half a minute: its progress has to be seen, captured output is not.
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            return ensure_mosquitto() / "bin"
    except HarnessError as error:
        not_run(error)


@pytest.fixture
def mosquitto(mosquitto_programs: Path, tmp_path: Path) -> Iterator[MosquittoFactory]:
    """Start brokers for one test."""
    factory = MosquittoFactory(mosquitto_programs, tmp_path)
    yield factory
    factory.end_all()


@pytest.fixture(scope="module")
def module_mosquitto(mosquitto_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoFactory]:
    """Start brokers for the tests of one module."""
    factory = MosquittoFactory(mosquitto_programs, tmp_path_factory.mktemp("mosquitto"))
    yield factory
    factory.end_all()
