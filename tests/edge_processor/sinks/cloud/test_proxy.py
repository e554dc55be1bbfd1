"""HTTPS_PROXY and NO_PROXY, with a real proxy that connects (RFC 9110, 9.3.6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp.client_reqrep import RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from edge_processor.delivery.destination import Outcome
from edge_processor.sinks.http.errors import failure
from edge_processor.sinks.http.proxy import proxy_for
from tests.edge_processor.sinks.cloud.conftest import Running
from tests.edge_processor.sinks.cloud.readings import entries
from tests.edge_processor.sinks.cloud.scripted import eventually, scripted
from tests.edge_processor.sinks.cloud.test_answers import within
from tests.support.child import HOST
from tests.support.cloud import Authority


@dataclass
class Proxy:
    """A proxy.

    Attributes:
        status: what it answers.
        heads: of the requests.
    """

    port: int = 0
    status: int = 200
    heads: list[str] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server that it asks for."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        writer.write(f"HTTP/1.1 {self.status} Said\r\n\r\n".encode())
        if self.status == 200:
            host, _, port = head.split(" ")[1].rpartition(":")
            with suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection(host, int(port))
                await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    server = await asyncio.start_server(proxy.handle, HOST, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


async def test_a_proxy_is_used_and_gets_its_login_but_not_the_token(authority: Authority, running: Running) -> None:
    async with proxied() as proxy, scripted(authority) as server:
        environment = {"HTTPS_PROXY": f"http://user:secret@{HOST}:{proxy.port}"}
        async with running(server.url, environment=environment) as cloud:
            assert await within(cloud.sender("live").send(entries(10))) == Outcome()
        assert proxy.heads[0].startswith(f"CONNECT {HOST}:{server.port} HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=" in proxy.heads[0]
        assert "Bearer" not in "".join(proxy.heads)
        assert server.requests[0].headers["authorization"].startswith("Bearer ")


async def test_a_server_of_no_proxy_is_reached_directly(authority: Authority, running: Running) -> None:
    async with proxied() as proxy, scripted(authority) as server:
        environment = {"https_proxy": f"http://{HOST}:{proxy.port}", "no_proxy": "10.0.0.0/8, 127.0.0.0/8"}
        async with running(server.url, environment=environment) as cloud:
            assert await within(cloud.sender("live").send(entries(10))) == Outcome()
        assert proxy.heads == []


async def test_a_proxy_that_rejects(authority: Authority, running: Running) -> None:
    async with proxied() as proxy, scripted(authority) as server:
        proxy.status = 407
        environment = {"HTTPS_PROXY": f"http://user:secret@{HOST}:{proxy.port}"}
        async with running(server.url, environment=environment) as cloud:
            sent = cloud.sender("live").send(entries(10))
            await eventually(lambda: bool(cloud.last_error))
            assert cloud.last_error == f"the proxy cannot connect to https://{HOST}:{server.port}: it answers 407 Said"
            proxy.status = 200
            assert await within(sent) == Outcome()


@pytest.mark.parametrize(
    "proxy", ["http://user:pa/secret@proxy:3128", "socks5://user:secret@proxy:1080", "http://user:secret@proxy:99999"]
)
async def test_the_url_of_a_proxy_is_in_no_message(proxy: str, running: Running) -> None:
    async with running(f"https://{HOST}:9/edge", environment={"HTTPS_PROXY": proxy}) as cloud:
        await eventually(lambda: bool(cloud.last_error))
        assert "secret" not in cloud.last_error
        assert "user" not in cloud.last_error


def test_an_error_with_surrogates_is_text() -> None:
    request = RequestInfo(URL("http://proxy"), "CONNECT", CIMultiDictProxy(CIMultiDict()), URL("http://proxy"))
    error = aiohttp.ClientHttpProxyError(request, (), status=407, message="n\udcf6tig\n")
    assert str(failure(error, "https://cloud", 5)) == "the proxy cannot connect to https://cloud: it answers 407 n?tig "


async def test_a_proxy_that_is_not_there(authority: Authority, running: Running) -> None:
    async with running(f"https://{HOST}:9/edge", environment={"HTTPS_PROXY": f"http://user:secret@{HOST}:1"}) as cloud:
        await eventually(lambda: bool(cloud.last_error))
        assert f"the proxy {HOST}:1 cannot be reached" in cloud.last_error
        assert "secret" not in cloud.last_error


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        pytest.param("", "cloud.example.com", False, id="no entry"),
        pytest.param("*", "cloud.example.com", True, id="all"),
        pytest.param("cloud.example.com", "cloud.example.com", True, id="the name"),
        pytest.param("Example.COM", "cloud.example.com", True, id="a domain"),
        pytest.param(".example.com", "cloud.example.com", True, id="with a dot"),
        pytest.param("*.example.com", "cloud.example.com", True, id="with a star"),
        pytest.param("ample.com", "cloud.example.com", False, id="the end of another name"),
        pytest.param("cloud.example.com.evil", "cloud.example.com", False, id="a longer name"),
        pytest.param("a, ,cloud.example.com ", "cloud.example.com", True, id="the last of a list"),
        pytest.param("cloud.example.com:8443", "cloud.example.com", True, id="its port"),
        pytest.param("cloud.example.com:443", "cloud.example.com", False, id="another port"),
        pytest.param("10.0.0.0/8", "10.1.2.3", True, id="a range"),
        pytest.param("10.0.0.0/8", "11.1.2.3", False, id="beside a range"),
        pytest.param("10.1.2.3", "10.1.2.3", True, id="an address"),
        pytest.param("fd00::/8", "fd00::1", True, id="a range of IPv6"),
        pytest.param("[fd00::1]:8443", "fd00::1", True, id="IPv6 with its port"),
        pytest.param("[fd00::1]:1", "fd00::1", False, id="IPv6 with another port"),
        pytest.param("10.0.0.0/8", "cloud.example.com", False, id="a range for a name"),
        pytest.param("example.com", "10.1.2.3", False, id="a name for an address"),
        pytest.param(".", "cloud.example.com", False, id="a dot"),
    ],
)
def test_which_servers_are_reached_directly(no_proxy: str, host: str, *, is_direct: bool) -> None:
    environment = {"HTTPS_PROXY": "proxy:3128", "NO_PROXY": no_proxy}
    assert proxy_for(URL.build(scheme="https", host=host, port=8443), environment) == (
        None if is_direct else "http://proxy:3128"
    )


def test_without_a_proxy() -> None:
    assert proxy_for(URL("https://cloud.example.com"), {"HTTP_PROXY": "http://proxy:3128", "HTTPS_PROXY": ""}) is None
    assert proxy_for(URL("http://cloud.example.com"), {"HTTPS_PROXY": "http://proxy:3128"}) is None


def test_http_has_a_proxy_of_its_own() -> None:
    assert proxy_for(URL("http://alertmanager"), {"HTTP_PROXY": "proxy:3128"}) == "http://proxy:3128"
