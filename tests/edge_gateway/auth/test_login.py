"""The login of a moment: with a real broker, and with what else may answer on its port."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge_gateway.auth.login import BrokerLogin, BrokerUnavailableError
from edge_service.address import BrokerAddress
from tests.edge_gateway.certificates import write_certificate
from tests.support.child import HOST
from tests.support.mosquitto import MosquittoFactory

ACCEPTED = b"\x20\x03\x00\x00\x00"
PATIENCE_SECONDS = 60.0
"""For what is answered at last: a machine with much to do may take longer than the product waits."""


@asynccontextmanager
async def answering(answer: bytes | None, context: ssl.SSLContext | None = None) -> AsyncIterator[BrokerAddress]:
    """Answer every connection so; with None not at all."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read(1)
        if answer is not None:
            writer.write(answer)
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0, ssl=context)
    try:
        yield BrokerAddress(HOST, server.sockets[0].getsockname()[1], tls=context is not None)
    finally:
        for writer in writers:
            writer.transport.abort()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


async def test_g8_a_real_broker_checks_the_password(mosquitto: MosquittoFactory) -> None:
    broker = mosquitto(devices=["d1", "d2"])
    login = BrokerLogin(
        BrokerAddress(HOST, broker.layout.components), "edge-gateway-x-check", answer_seconds=PATIENCE_SECONDS
    )
    assert await login.right("d1", broker.passwords["d1"])
    assert not await login.right("d1", broker.passwords["d2"])
    assert not await login.right("d1", "")
    for text in ("a\0b", "a" * 65536, "\ud800"):
        assert not await login.right("d1", text), "what MQTT cannot carry"
        assert not await login.right(text, "secret"), "what MQTT cannot carry"
    assert not await login.right("ä" * 30, "ö" * 1000)
    assert not await login.right("d3", broker.passwords["d1"])
    both = await asyncio.gather(*(login.right("d2", broker.passwords["d2"]) for _ in range(8)))
    assert all(both), "tries at the same time do not throw one another out"
    broker.kill()
    with pytest.raises(BrokerUnavailableError):
        await login.right("d1", broker.passwords["d1"])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x20",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\x00",
        b"\x20\xff\xff\xff\xff\xff",
        b"\x20\xff\xff\x7f",
        b"\x20\x03\x00\x88\x00",
        None,
    ],
)
async def test_what_is_no_answer_is_neither_right_nor_wrong(answer: bytes | None) -> None:
    async with answering(answer) as address:
        login = BrokerLogin(address, "x", answer_seconds=0.3 if answer is None else PATIENCE_SECONDS)
        with pytest.raises(BrokerUnavailableError, match="did not check a login"):
            await login.right("d1", "secret")


@given(answer=st.builds(bytes.__add__, st.sampled_from([b"", b"\x20", b"\x20\x03\x00"]), st.binary(max_size=20)))
@settings(max_examples=50, deadline=None)
def test_any_answer_is_a_connack_or_neither_right_nor_wrong(answer: bytes) -> None:
    async def ask() -> bool | None:
        async with answering(answer) as address:
            try:
                return await BrokerLogin(address, "x", answer_seconds=PATIENCE_SECONDS).right("d1", "secret")
            except BrokerUnavailableError:
                return None

    right = asyncio.run(ask())
    if right is not None:
        assert answer[0] == 0x20
        assert right is (answer[3] == 0)


@pytest.mark.parametrize("reason", [0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C])
async def test_a_reason_that_refuses_the_login_makes_it_wrong(reason: int) -> None:
    assert ReasonCode(PacketTypes.CONNACK, identifier=reason).is_failure
    async with answering(bytes((0x20, 3, 0, reason, 0))) as address:
        assert not await BrokerLogin(address, "x", answer_seconds=PATIENCE_SECONDS).right("d1", "secret")


async def test_with_tls_the_broker_must_show_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    async with answering(ACCEPTED, context) as address:
        with pytest.raises(BrokerUnavailableError, match="certificate"):
            await BrokerLogin(address, "x", credentials, PATIENCE_SECONDS).right("d1", "secret")
        (credentials / "ca.crt").write_bytes((tmp_path / "tls.crt").read_bytes())
        assert await BrokerLogin(address, "x", credentials, PATIENCE_SECONDS).right("d1", "secret")
