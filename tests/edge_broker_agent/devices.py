"""Devices that are connected, and record when they are disconnected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import ConnectError, ConnectRefusedError, Login, MqttOptions
from edge_service.mqtt.connection import Connection
from tests.edge_broker_agent.pod import Pod

CONNECT_SECONDS = 30.0


async def open_device(pod: Pod, device: str, authorities: str | None = None) -> Connection:
    """Connect as a device, with TLS if an authority is given.

    It tries again as devices do: a reload of the broker closes every connection that has not sent its CONNECT yet.

    Raises:
        ConnectRefusedError: the broker refuses it.
        ConnectError: no connection came about within `CONNECT_SECONDS`.
    """
    backoff = Backoff(first=0.1, longest=1.0)
    end = asyncio.get_running_loop().time() + CONNECT_SECONDS
    while True:
        try:
            return await _open(pod, device, authorities)
        except ConnectRefusedError:
            raise
        except ConnectError:
            if asyncio.get_running_loop().time() > end:
                raise
        await asyncio.sleep(backoff.next())


async def _open(pod: Pod, device: str, authorities: str | None) -> Connection:
    login = Login(device, pod.logins.passwords[device], authorities_pem=authorities)
    url = pod.broker.tls_url if authorities else pod.broker.url
    # Mosquitto checks hundreds of passwords one after another, and answers no PING in this time.
    options = MqttOptions(BrokerAddress.parse(url), device, login=login, keepalive=60)
    connection = Connection(options, login, lambda _: None)
    await connection.open()
    return connection


@asynccontextmanager
async def connected(pod: Pod, *devices: str) -> AsyncIterator[list[Connection]]:
    """Connect as devices."""
    connections = await asyncio.gather(*(open_device(pod, device) for device in devices))
    try:
        yield list(connections)
    finally:
        for connection in connections:
            await connection.close()


async def is_refused(pod: Pod, device: str, password: str) -> bool:
    """Whether the broker refuses this login."""
    login = Login(device, password)
    connection = Connection(
        MqttOptions(BrokerAddress.parse(pod.broker.url), device, login=login), login, lambda _: None
    )
    try:
        await connection.open()
    except ConnectError:
        return True
    await connection.close()
    return False
