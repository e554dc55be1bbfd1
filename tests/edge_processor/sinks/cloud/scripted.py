"""A server with TLS that answers as a test wants, also wrongly."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.support.child import HOST
from tests.support.cloud import Authority

SECONDS = 20.0
"""How long a test waits for what must happen."""


@dataclass
class Exchange:
    """A request, and the way to answer it.

    Attributes:
        head: method and path.
        headers: by their names in small letters.
        at: when it arrived, by the loop's clock.
        body: what was read of the body.
    """

    head: str
    headers: Mapping[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    at: float
    body: bytes = b""

    @property
    def size(self) -> int:
        """The size of its body."""
        return int(self.headers.get("content-length", "0"))

    @property
    def lane(self) -> str:
        """Its lane; empty for a request without lines, and for alerts."""
        return self.headers.get("edge-lane", "")

    async def read(self, size: int | None = None) -> None:
        """Read the body, or its begin."""
        self.body += await self.reader.readexactly((self.size if size is None else size) - len(self.body))

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the body, which was read."""
        return [orjson.loads(line) for line in gzip.decompress(self.body).splitlines()]

    @property
    def offsets(self) -> list[int]:
        """The offsets of its readings."""
        return [line["offset"] for line in self.lines]

    async def answer(self, status: int = 200, body: bytes = b"", /, **headers: str) -> None:
        """Read the whole body and answer."""
        await self.read()
        await self.say(status, body, **headers)

    async def say(self, status: int = 200, body: bytes = b"", /, **headers: str) -> None:
        """Answer without reading."""
        named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): text for name, text in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.writer.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with a reset."""
        self.writer.transport.abort()


Script = Callable[[Exchange], Awaitable[None]]


async def accept(exchange: Exchange) -> None:
    """Take everything."""
    await exchange.answer()


@dataclass
class ScriptedServer:
    """A server.

    Attributes:
        script: handles a request with lines; one without lines is answered with 204.
        requests: with lines, as they arrived.
        probes: without lines.
    """

    port: int
    script: Script = accept
    probe_script: Script = accept
    requests: list[Exchange] = field(default_factory=list)
    probes: list[Exchange] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    open_writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The endpoint of sites."""
        return f"https://{HOST}:{self.port}/edge"

    async def await_requests(self, count: int) -> None:
        """Wait until so many requests with lines have arrived."""
        async with asyncio.timeout(SECONDS):
            while len(self.requests) < count:
                self.arrived.clear()
                await self.arrived.wait()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        self.open_writers.add(writer)
        # TimeoutError: the peer does not take part in the end of TLS.
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                head, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
                headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in fields)}
                now = asyncio.get_running_loop().time()
                exchange = Exchange(head, headers, reader, writer, now)
                is_probe = headers.get("edge-lines") == "0"
                (self.probes if is_probe else self.requests).append(exchange)
                self.arrived.set()
                await (self.probe_script if is_probe else self.script)(exchange)
        self.open_writers.discard(writer)
        writer.close()


@asynccontextmanager
async def scripted(
    authority: Authority, script: Script = accept, listener: socket.socket | None = None
) -> AsyncIterator[ScriptedServer]:
    """Run a server with a certificate of `authority`."""
    opened = listener or socket.create_server((HOST, 0))
    server = ScriptedServer(opened.getsockname()[1], script)
    serving = await asyncio.start_server(server.handle, sock=opened, ssl=authority.server_context())
    try:
        yield server
    finally:
        serving.close()
        for writer in server.open_writers:
            writer.transport.abort()


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until `holds` returns true."""
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 - of another task's state
            await asyncio.sleep(0.01)
