"""A broker that refuses a subscription: Mosquitto with an access file never does, so a socket says it here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import MqttOptions, MqttSession, Subscription
from tests.edge_service.waiting import eventually
from tests.support.child import HOST

SECONDS = 10.0
CONNECT, SUBSCRIBE = 0x10, 0x82
CONNACK = bytes([0x20, 3, 0, 0, 0])
GRANTED, NOT_AUTHORIZED = 0x01, 0x87


def answering(reasons: list[int]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return what answers a client: CONNACK, then a SUBACK with `reasons` (MQTT 5, 3.9)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.read(2):
            body = await reader.readexactly(head[1])
            if head[0] == CONNECT:
                writer.write(CONNACK)
            elif head[0] == SUBSCRIBE:
                writer.write(bytes([0x90, 3 + len(reasons), *body[:2], 0, *reasons]))
        writer.close()

    return answer


@asynccontextmanager
async def session(subscriptions: tuple[Subscription, ...], reasons: list[int]) -> AsyncIterator[MqttSession]:
    async with await asyncio.start_server(answering(reasons), HOST, 0) as server:
        options = MqttOptions(
            BrokerAddress(HOST, server.sockets[0].getsockname()[1]), "gateway", subscriptions=subscriptions
        )
        async with MqttSession(options, backoff=Backoff(0.05, 0.2)) as session:
            yield session


WANTED, EXTRA = Subscription("edge/activity"), Subscription("$SYS/broker/uptime", optional=True)


async def test_one_that_is_needed_ends_the_connection_and_is_named() -> None:
    async with session((EXTRA, WANTED), [GRANTED, NOT_AUTHORIZED]) as refused:
        await eventually("it is told", lambda: "edge/activity (Not authorized)" in refused.last_error)
        assert not refused.connected.is_set()


@pytest.mark.parametrize("reasons", [[NOT_AUTHORIZED, GRANTED], [GRANTED, GRANTED]])
async def test_one_that_is_optional_does_not(reasons: list[int]) -> None:
    async with session((EXTRA, WANTED), reasons) as connected:
        async with asyncio.timeout(SECONDS):
            await connected.connected.wait()
