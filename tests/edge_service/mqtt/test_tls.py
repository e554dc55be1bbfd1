"""MQTT over TLS against a real broker: which authority to trust, and bursts that TLS delivers in one piece."""

import asyncio
import datetime as dt
import ipaddress
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from e2e.cluster.ports import free_ports
from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, Login, Message, MqttError, MqttOptions, MqttSession, Subscription
from tests.edge_service.waiting import SECONDS, eventually

HOST = "127.0.0.1"
MESSAGES = 300
PAYLOAD = b"x" * 2000


@dataclass(frozen=True)
class TlsBroker:
    address: BrokerAddress
    credentials: Path


def write_certificate(directory: Path) -> None:
    """Write a self-signed certificate for the loopback address, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (directory / "tls.key").write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))


@pytest.fixture
def broker(mosquitto_programs: Path, tmp_path: Path) -> Iterator[TlsBroker]:
    write_certificate(tmp_path)
    (port,) = free_ports(1)
    listener = f"listener {port} {HOST}\ncertfile {tmp_path}/tls.crt\nkeyfile {tmp_path}/tls.key\n"
    (tmp_path / "mosquitto.conf").write_text(f"user root\nallow_anonymous true\nmax_queued_messages 10000\n{listener}")
    (tmp_path / "username").write_text("anyone")
    (tmp_path / "password").write_text("anything")
    with subprocess.Popen(
        [mosquitto_programs / "mosquitto", "-c", tmp_path / "mosquitto.conf"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield TlsBroker(BrokerAddress(HOST, port, tls=True), tmp_path)
        finally:
            process.terminate()


async def test_a_broker_that_nobody_vouches_for_gets_no_login(broker: TlsBroker) -> None:
    options = MqttOptions(broker.address, "c1", broker.credentials)
    async with MqttSession(options, backoff=Backoff(0.05, 0.2)) as session:
        await eventually("refused", lambda: "shows a certificate that is not trusted" in session.last_error)
        (broker.credentials / "ca.crt").write_bytes((broker.credentials / "tls.crt").read_bytes())
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()


async def test_authorities_that_come_as_text_are_trusted(broker: TlsBroker) -> None:
    login = Login("anyone", "anything", authorities_pem=(broker.credentials / "tls.crt").read_text())
    async with MqttSession(MqttOptions(broker.address, "c1", login=login)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()


async def test_text_that_is_no_authority_is_named(broker: TlsBroker) -> None:
    told: list[MqttError] = []
    login = Login("anyone", "anything", authorities_pem="nothing")
    async with MqttSession(MqttOptions(broker.address, "c1", login=login), on_down=told.append):
        await eventually("told", lambda: told)
    assert isinstance(told[0], ConnectError)
    assert "ca.crt holds no certificates" in str(told[0])


async def test_a_burst_arrives_whole(broker: TlsBroker) -> None:
    (broker.credentials / "ca.crt").write_bytes((broker.credentials / "tls.crt").read_bytes())
    arrived: list[Message] = []
    subscriptions = (Subscription("a"),)
    options = MqttOptions(broker.address, "c1", broker.credentials, receive_maximum=1000, subscriptions=subscriptions)
    async with MqttSession(options, arrived.append, backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        await asyncio.gather(*(session.send("a", PAYLOAD) for _ in range(MESSAGES)))
        await eventually("all arrived", lambda: len(arrived) == MESSAGES)


async def test_authorities_that_are_none_are_named(broker: TlsBroker) -> None:
    (broker.credentials / "ca.crt").write_text("nothing")
    async with MqttSession(MqttOptions(broker.address, "c1", broker.credentials)) as session:
        await eventually("told", lambda: "ca.crt holds no certificates that can be trusted" in session.last_error)
