"""A real Mosquitto takes the rendered files, and each login can do what the contract says and nothing else."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_operator.api.broker import BrokerClient
from edge_operator.desired.config_map.mosquitto import BrokerLayout, QueueLimits, access_file, mosquitto_conf
from edge_operator.identity import derive, logins
from edge_operator.identity.passwords import Login, password_file

LEAST_VERSION = (2, 1, 2)
ROOT = bytes(range(32))
CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#", "alerts/+"], publish=["line/+/set"])]
SECONDS = 10.0

# topic: who may write it, who reads it
TABLE: dict[str, tuple[str, str]] = {
    "devices/d1/data": ("d1", "~processor"),
    "devices/d1/status": ("d1 ~gateway ~operator", "~gateway ~operator"),
    "devices/d1/command": ("~gateway", "d1"),
    "devices/d1/command/ack": ("d1", "~gateway"),
    "devices/~scada/data": ("", ""),
    "cloud/sensors/d1": ("~gateway ~processor", "~scada"),
    "alerts/d1": ("~processor", "~scada"),
    "edge/activity": ("~gateway ~processor", "~gateway ~operator"),
    "edge/activity/request": ("~gateway ~operator", "~processor"),
    "edge/status/storage": ("~storage", "~gateway ~operator"),
    "edge/roster/d1": ("~operator", "~gateway ~operator"),
    "edge/broker/boot": ("~mqtt", "~gateway ~operator"),
    "line/a/set": ("~scada", ""),
    "other": ("", ""),
}


def installed_version() -> tuple[int, ...]:
    if not all(shutil.which(program) for program in ("mosquitto", "mosquitto_pub", "mosquitto_sub")):
        return ()
    said = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"version (\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, match.groups())) if match else ()


pytestmark = pytest.mark.skipif(installed_version() < LEAST_VERSION, reason="no Mosquitto 2.1.2 or later on the PATH")


@dataclass(frozen=True)
class Broker:
    layout: BrokerLayout
    directory: Path
    passwords: dict[str, str]
    subscribers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def arguments(self, username: str, password: str | None = None) -> list[str]:
        port = self.layout.components if username in logins.COMPONENTS else self.layout.mqtt
        login = ["-u", username, "-P", password or self.passwords[username], "-i", username]
        return ["-h", "127.0.0.1", "-p", str(port), "-V", "5", *login]

    def subscribe(self, username: str) -> None:
        command = ["mosquitto_sub", *self.arguments(username), "-q", "1", "-t", "#", "-F", "%t %p"]
        with self.heard(username).open("wb") as output:
            self.subscribers[username] = subprocess.Popen(command, stdout=output)

    def heard(self, username: str) -> Path:
        return self.directory / f"heard-{username}"

    def publish(self, username: str, topic: str) -> bool:
        """Publish as a further session of the user on the components' listener; whether it was let through."""
        arguments = ["-h", "127.0.0.1", "-p", str(self.layout.components), "-V", "5", "-q", "1", "-d"]
        login = ["-u", username, "-P", self.passwords[username], "-i", f"publisher-{username}"]
        command = ["mosquitto_pub", *arguments, *login, "-t", topic, "-m", f"from-{username}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert "received PUBACK" in done.stdout, done
        return "RC:135" not in done.stdout


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    here = tmp_path_factory.mktemp("mosquitto")
    mqtt, websockets, mqtts, components = free_ports(4)
    layout = BrokerLayout(mqtt, websockets, mqtts, components, str(here), str(here), str(here), str(here))
    devices = [Login("d1", derive.device_password(ROOT, "d1", 0))]
    known = [*logins.site_logins(ROOT, CLIENTS), *devices]
    conf = mosquitto_conf(layout, QueueLimits.within(128 * 1024**2), tls=False)
    files = {
        "mosquitto.conf": f"user root\n{conf}",
        "acl": access_file(CLIENTS),
        "passwords": password_file(ROOT, known),
    }
    for name, content in files.items():
        (here / name).write_text(content)
        (here / name).chmod(0o600)
    with subprocess.Popen(["mosquitto", "-c", str(here / "mosquitto.conf")], stdout=subprocess.DEVNULL) as process:
        started = Broker(layout, here, {login.username: login.password for login in known})
        try:
            wait_until(lambda: accepts(components))
            yield started
        finally:
            for each in (*started.subscribers.values(), process):
                each.terminate()
                each.wait(SECONDS)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_every_login_has_what_the_contract_says(broker: Broker) -> None:
    for username in broker.passwords:
        broker.subscribe(username)
    log = broker.directory / "mosquitto.log"
    wait_until(lambda: log.read_text().count("New client connected") >= len(broker.passwords))
    time.sleep(0.5)
    for topic, (writers, _) in TABLE.items():
        let_through = {username for username in broker.passwords if broker.publish(username, topic)}
        assert let_through == set(writers.split()), topic
    time.sleep(0.5)
    for topic, (writers, readers) in TABLE.items():
        lines = {f"{topic} from-{writer}" for writer in writers.split()}
        heard = {name for name in broker.passwords if lines & set(broker.heard(name).read_text().splitlines())}
        assert heard == set(readers.split()), topic


@pytest.mark.parametrize(("username", "password"), [("d1", "wrong"), ("~gateway", "wrong"), ("d2", "any")])
def test_strangers_get_nowhere(broker: Broker, username: str, password: str) -> None:
    arguments = broker.arguments(username, password)
    command = ["mosquitto_pub", *arguments, "-t", "devices/d1/data", "-m", "x", "-q", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode != 0
    assert "ot authori" in done.stderr
