"""A real Mosquitto takes the rendered files, and each login can do what the contract says and nothing else."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from threading import Event

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from edge_operator.identity.certificates import authority_certificate
from tests.support.mosquitto import Mosquitto, MosquittoFactory
from tests.support.processes import eventually

CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#", "alerts/+"], publish=["line/+/set"])]
SECONDS = 10.0

# topic: who may write it, who reads it
TABLE: dict[str, tuple[str, str]] = {
    "devices/d1/data": ("d1", "~processor"),
    "devices/d1/status": ("d1 ~gateway ~operator", "~gateway ~operator"),
    "devices/d1/command": ("~gateway", "d1"),
    "devices/d1/command/ack": ("d1", "~gateway ~processor"),
    "devices/~scada/data": ("", ""),
    "cloud/sensors/d1": ("~processor", "~scada"),
    "alerts/d1": ("~processor", "~scada"),
    "edge/activity": ("~gateway ~processor", "~gateway ~operator"),
    "edge/activity/request": ("~gateway ~operator", "~processor"),
    "edge/activity/marker": ("~processor", "~processor"),
    "edge/status/storage": ("~storage", "~gateway ~operator"),
    "edge/roster/d1": ("~operator", "~gateway ~operator"),
    "edge/broker/boot": ("~mqtt", "~gateway ~operator"),
    "line/a/set": ("~scada", ""),
    "other": ("", ""),
}


class Subscriber:
    """A user's session, which receives everything that the user may."""

    def __init__(self, broker: Mosquitto, username: str) -> None:
        self.heard: set[str] = set()
        self._subscribed = Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=username, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(username, broker.passwords[username])
        self._client.on_message = lambda _client, _data, message: self.hear(message)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        components = username in logins.COMPONENTS
        self._client.connect("127.0.0.1", broker.layout.components if components else broker.layout.mqtt)
        self._client.loop_start()
        assert self._subscribed.wait(SECONDS), username

    def hear(self, message: MQTTMessage) -> None:
        self.heard.add(f"{message.topic} {message.payload.decode()}")

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass(frozen=True)
class Traffic:
    """What the logins of one broker publish and receive."""

    broker: Mosquitto
    subscribers: dict[str, Subscriber] = field(default_factory=dict)

    def publish(self, username: str, topic: str, payload: str) -> bool:
        """Publish as a further session of the user on the components' listener; whether it was let through."""
        # On the devices' listener it would take over the session of the subscriber.
        port = str(self.broker.layout.components)
        arguments = ["-h", "127.0.0.1", "-p", port, "-V", "5", "-q", "1", "-d"]
        login = ["-u", username, "-P", self.broker.passwords[username], "-i", f"publisher-{username}"]
        command = [str(self.broker.programs / "mosquitto_pub"), *arguments, *login, "-t", topic, "-m", payload]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert "received PUBACK" in done.stdout, done
        return "RC:135" not in done.stdout

    def end(self) -> None:
        for each in self.subscribers.values():
            each.end()


@pytest.fixture(scope="module")
def broker(module_mosquitto: MosquittoFactory) -> Mosquitto:
    return module_mosquitto(["d1"], CLIENTS)


@pytest.fixture
def traffic(broker: Mosquitto) -> Iterator[Traffic]:
    traffic = Traffic(broker)
    yield traffic
    traffic.end()


def test_every_login_has_what_the_contract_says(traffic: Traffic) -> None:
    everyone = traffic.broker.passwords
    for username in everyone:
        traffic.subscribers[username] = Subscriber(traffic.broker, username)
    for topic, (writers, _) in TABLE.items():
        let_through = {username for username in everyone if traffic.publish(username, topic, f"from-{username}")}
        assert let_through == set(writers.split()), topic
    await_the_end(traffic)
    for topic, (writers, readers) in TABLE.items():
        lines = {f"{topic} from-{writer}" for writer in writers.split()}
        assert {name for name in everyone if lines & traffic.subscribers[name].heard} == set(readers.split()), topic


def await_the_end(traffic: Traffic) -> None:
    """Return when every reader has read what was published before: a broker keeps the order."""
    ends: dict[str, set[str]] = {}
    for topic, (writers, readers) in TABLE.items():
        if readers:
            assert traffic.publish(writers.split()[0], topic, "end")
        for reader in readers.split():
            ends.setdefault(reader, set()).add(f"{topic} end")
    for reader, lines in ends.items():
        eventually(f"{reader} hears the end", partial(traffic.subscribers[reader].heard.issuperset, lines), SECONDS)


@pytest.mark.parametrize(("username", "password"), [("d1", "wrong"), ("~gateway", "wrong"), ("d2", "any")])
def test_strangers_get_nowhere(broker: Mosquitto, username: str, password: str) -> None:
    port = broker.layout.components if username in logins.COMPONENTS else broker.layout.mqtt
    login = ["-h", "127.0.0.1", "-p", str(port), "-V", "5", "-u", username, "-P", password]
    command = [str(broker.programs / "mosquitto_pub"), *login, "-t", "devices/d1/data", "-m", "x", "-q", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode != 0
    assert "ot authori" in done.stderr


def handshake(broker: Mosquitto, authority: str, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion) -> str:
    """Greet the broker as a device that trusts `authority`; the protocol, or what came of it in one word."""
    context = ssl.create_default_context(cadata=authority)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = minimum, maximum
    with socket.create_connection(("127.0.0.1", broker.layout.mqtts), timeout=SECONDS) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                return str(secure.version())
        except ssl.SSLCertVerificationError:
            return "untrusted"
        except (ssl.SSLError, ConnectionError):
            return "refused"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), "TLSv1.2"),
        ((ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3), "TLSv1.3"),
        ((ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1), "refused"),
    ],
    ids=["1.2", "1.3", "1.1"],
)
def test_tls_of_a_device(broker: Mosquitto, versions: tuple[ssl.TLSVersion, ssl.TLSVersion], expected: str) -> None:
    assert handshake(broker, broker.authority, *versions) == expected


def test_device_of_another_site_does_not_trust_the_broker(broker: Mosquitto) -> None:
    theirs = authority_certificate(bytes(range(1, 33)), "ns/other")
    assert handshake(broker, theirs, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) == "untrusted"
