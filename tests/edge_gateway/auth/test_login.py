"""The login of a moment: with a real broker, and with what else may answer on its port."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge_gateway.auth import login as module
from edge_gateway.auth.login import BrokerAwayError, BrokerLogin
from edge_service.address import BrokerAddress
from tests.edge_gateway.certificates import write_certificate
from tests.support.child import HOST
from tests.support.mosquitto import MosquittoFactory

ACCEPTED = b"\x20\x03\x00\x00\x00"


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


async def test_g8_a_real_broker_says_whose_password_is_right(mosquitto: MosquittoFactory) -> None:
    broker = mosquitto(devices=["d1", "d2"])
    login = BrokerLogin(BrokerAddress(HOST, broker.layout.components), "edge-gateway-x-check")
    assert await login.right("d1", broker.passwords["d1"])
    assert not await login.right("d1", broker.passwords["d2"])
    assert not await login.right("d1", "")
    assert not await login.right("d1", "a\0b")
    assert not await login.right("d3", broker.passwords["d1"])
    both = await asyncio.gather(*(login.right("d2", broker.passwords["d2"]) for _ in range(8)))
    assert all(both), "tries at the same time do not throw one another out"
    broker.kill()
    with pytest.raises(BrokerAwayError):
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
async def test_what_is_no_answer_is_neither_right_nor_wrong(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    async with answering(answer) as address:
        with pytest.raises(BrokerAwayError, match="did not check a login"):
            await BrokerLogin(address, "x").right("d1", "secret")


async def test_with_tls_the_broker_must_show_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    async with answering(ACCEPTED, context) as address:
        with pytest.raises(BrokerAwayError, match="certificate"):
            await BrokerLogin(address, "x", credentials).right("d1", "secret")
        (credentials / "ca.crt").write_bytes((tmp_path / "tls.crt").read_bytes())
        assert await BrokerLogin(address, "x", credentials).right("d1", "secret")
