"""Requests to an HTTP destination: TLS, credentials that change, proxies, and errors without secrets."""

import asyncio
import base64
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import web

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.http.credentials import CredentialFiles
from edge_processor.sinks.http.endpoint import Endpoint
from edge_processor.sinks.http.errors import UnreachableError
from edge_processor.sinks.http.session import MAX_ANSWER_BYTES, HttpSession
from tests.edge_processor.sinks.http.far_end import HOST, FarEnd, far_end

pytestmark = pytest.mark.process


@pytest.fixture
async def end(tmp_path: Path) -> AsyncIterator[FarEnd]:
    async with far_end(tmp_path) as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path, end: FarEnd) -> Path:
    place = tmp_path / "secret"
    place.mkdir()
    (place / "ca.crt").write_text(end.authority)
    return place


@asynccontextmanager
async def opened(url: str, secret: Path | None, answer_seconds: float = 20.0) -> AsyncIterator[HttpSession]:
    session = HttpSession(Endpoint(url, CredentialFiles(secret)), answer_seconds)
    try:
        yield session
    finally:
        await session.close()


def replace(path: Path, text: str) -> None:
    """Write a file as the kubelet does: a new one takes its place."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


async def test_the_credentials_are_read_again_when_a_file_changes(end: FarEnd, secret: Path) -> None:
    async with opened(end.url, secret) as session:
        await session.request("POST", "x", b"{}")
        replace(secret / "token", "one\n")
        assert (await session.request("POST", "x", b"{}")).has_received_all
        replace(secret / "token", "two")
        await session.request("POST", "x", b"{}")
        (secret / "token").unlink()
        replace(secret / "username", "site")
        replace(secret / "password", "pass:word")
        await session.request("POST", "x", b"{}")
    basic = "Basic " + base64.b64encode(b"site:pass:word").decode()
    assert [headers.get("Authorization") for _, _, headers, _ in end.requests] == [
        None,
        "Bearer one",
        "Bearer two",
        basic,
    ]


async def test_an_authority_that_comes_later_is_trusted_and_one_that_goes_is_not(end: FarEnd, secret: Path) -> None:
    (secret / "ca.crt").unlink()
    async with opened(end.url, secret) as session:
        with pytest.raises(UnreachableError, match=r"not trusted .*: ca\.crt must contain"):
            await session.request("GET")
        replace(secret / "ca.crt", "nothing")
        for _ in range(2):
            with pytest.raises(DeliveryError, match="no certificates that can be trusted"):
                await session.request("GET")
        replace(secret / "ca.crt", end.authority)
        assert (await session.request("GET")).status == HTTPStatus.OK
        (secret / "ca.crt").unlink()
        with pytest.raises(UnreachableError):
            await session.request("GET")
    assert len(end.requests) == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"token": "two words"}, "token must be one line", id="a token with a space"),
        pytest.param({"token": "geheim\nX-Other: 1"}, "token must be one line", id="a token with a header"),
        pytest.param({"username": "site"}, "password is missing", id="no password"),
        pytest.param({"password": "geheim"}, "username is missing", id="no username"),
    ],
)
async def test_credentials_that_cannot_be_used_are_named_and_not_shown(
    end: FarEnd, secret: Path, files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (secret / name).write_text(text)
    async with opened(end.url, secret) as session:
        for _ in range(2):
            with pytest.raises(DeliveryError, match=message) as failed:
                await session.request("GET")
            assert "geheim" not in str(failed.value)
    assert end.requests == []


async def test_what_waits_for_new_credentials_is_woken_by_them(end: FarEnd, secret: Path) -> None:
    files = CredentialFiles(secret)
    files.read()
    waiting = asyncio.create_task(files.changed())
    await asyncio.sleep(0)
    assert not waiting.done()
    replace(secret / "token", "one")
    async with asyncio.timeout(5):
        await waiting


async def test_errors_do_not_show_the_path_which_may_be_a_secret(end: FarEnd, secret: Path) -> None:
    async def slow(_request: web.Request, _content: bytes) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def broken(request: web.Request, _content: bytes) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def endless(request: web.Request, _content: bytes) -> web.StreamResponse:
        return web.Response(body=b"x" * (MAX_ANSWER_BYTES + 1))

    async with opened(f"{end.url}/geheim", secret, answer_seconds=1) as session:
        for answer, message in ((slow, "does not answer within 1 s"), (broken, "closed the connection")):
            end.answer = answer
            with pytest.raises(DeliveryError, match=message) as failed:
                await session.request("POST", content=b"{}")
            assert not isinstance(failed.value, UnreachableError)
            assert "geheim" not in str(failed.value)
        end.answer = endless
        assert len((await session.request("POST", content=b"{}")).body) == MAX_ANSWER_BYTES
        await end.stop()
        with pytest.raises(UnreachableError, match=f"{end.url} cannot be reached") as unreachable:
            await session.request("POST", content=b"{}")
        assert "geheim" not in str(unreachable.value)


async def test_a_redirect_is_not_followed(end: FarEnd, secret: Path) -> None:
    async def elsewhere(_request: web.Request, _content: bytes) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": f"{end.url}/elsewhere"})

    end.answer = elsewhere
    async with opened(end.url, secret) as session:
        assert (await session.request("POST", "x", b"{}")).status == HTTPStatus.TEMPORARY_REDIRECT
    assert len(end.requests) == 1


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_an_answer_before_the_whole_request_is_seen(secret: Path) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(early, HOST, 0)
    async with server, opened(f"http://{HOST}:{server.sockets[0].getsockname()[1]}", None) as it:
        reply = await it.request("POST", content=os.urandom(32 * 1024 * 1024))
    assert (reply.status, reply.has_received_all) == (200, False)


async def test_the_proxy_is_used_unless_the_host_needs_none(
    end: FarEnd, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[bytes] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        far_reader, far_writer = await asyncio.open_connection(HOST, end.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer), return_exceptions=True)
        for each in (writer, far_writer):
            each.transport.abort()

    server = await asyncio.start_server(tunnel, HOST, 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@{HOST}:{server.sockets[0].getsockname()[1]}")
    monkeypatch.setenv("NO_PROXY", "example.com")
    async with server:
        async with opened(end.url, secret) as session:
            assert (await session.request("GET")).status == HTTPStatus.OK
        assert heads[0].startswith(f"CONNECT {HOST}:{end.port} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic " + base64.b64encode(b"user:word") in heads[0]
        monkeypatch.setenv("NO_PROXY", f"example.com,{HOST}")
        async with opened(end.url, secret) as session:
            assert (await session.request("GET")).status == HTTPStatus.OK
    assert len(heads) == 1
    assert len(end.requests) == 2


async def test_a_proxy_that_does_not_connect_is_no_answer_of_the_destination(
    end: FarEnd, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, HOST, 0)
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@{HOST}:{server.sockets[0].getsockname()[1]}")
    async with server, opened(end.url, secret) as session:
        with pytest.raises(UnreachableError, match=r"the proxy cannot connect .*407") as failed:
            await session.request("GET")
    assert "word" not in str(failed.value)


async def test_a_resolver_that_does_not_answer_holds_up_no_shutdown(
    end: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_kwargs: threading.Event().wait(60))
    async with opened("https://cloud.example.com", None, answer_seconds=0.3) as session:
        with pytest.raises(DeliveryError):
            await session.request("GET")
    async with asyncio.timeout(1):
        await asyncio.get_running_loop().shutdown_default_executor()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65536):
        writer.write(part)
        await writer.drain()
    writer.close()
