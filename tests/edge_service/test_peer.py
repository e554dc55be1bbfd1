"""Connections to link-local addresses and metadata services are refused after the name was resolved."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator

import pytest

from edge_processor.session.opening import open_transport
from edge_processor.sinks.http.sockets import open_socket
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, Login, Message, MqttOptions
from edge_service.mqtt.connection import Connection
from edge_service.peer import RefusedAddressError, check_address, check_peer
from edge_wire import refused_addresses
from edge_wire.refused_addresses import is_refused

LOOPBACK = "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_refused(address: str) -> None:
    assert is_refused(address)
    with pytest.raises(RefusedAddressError, match="name another host"):
        check_address(address)
    with pytest.raises(RefusedAddressError):
        open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", [LOOPBACK, "10.0.0.1", "169.253.255.255", "2001:db8::1", "::1", "100.100.100.199"])
def test_other_addresses_are_not(address: str) -> None:
    assert not is_refused(address)
    check_address(address)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A listener of which the address counts as refused: no host of a test has a link-local one."""
    monkeypatch.setattr(refused_addresses, "REFUSED", (*refused_addresses.REFUSED, *_networks()))
    with socket.create_server((LOOPBACK, 0)) as server:
        server.settimeout(5)
        yield server.getsockname()[1]
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(5)
            assert accepted.recv(100) == b"", "nothing was sent"


def _networks() -> tuple[refused_addresses.Network, ...]:
    return (ipaddress.ip_network(f"{LOOPBACK}/32"),)


def test_refused_peer_is_closed(port: int) -> None:
    connected = socket.create_connection(("localhost", port))
    with pytest.raises(RefusedAddressError, match=LOOPBACK):
        check_peer(connected)
    assert connected.fileno() == -1


def _ignore(_message: Message) -> None:
    pass


async def test_session_of_a_program_sends_nothing_to_a_refused_address(port: int) -> None:
    login = Login("user", "secret")
    connection = Connection(MqttOptions(BrokerAddress("localhost", port), "c"), login, _ignore)
    with pytest.raises(ConnectError, match=f"its address {LOOPBACK} is a link-local address"):
        await connection.open()


async def test_ingest_session_sends_nothing_to_a_refused_address(port: int) -> None:
    with pytest.raises(ConnectError, match=f"its address {LOOPBACK} is a link-local address"):
        await open_transport(BrokerAddress("localhost", port), Login("user", "secret"), asyncio.Protocol())
