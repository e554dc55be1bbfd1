"""A far end of an HTTP destination in this process: TLS, and answers that the test chooses."""

import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from e2e.cluster.ports import free_ports
from edge_operator.identity.certificates import authority_certificate, broker_certificate, period_of
from tests.edge_service.waiting import eventually
from tests.support.mosquitto import ROOT

HOST = "127.0.0.1"
NAME = "far-end"

Answer = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


async def taken(_request: web.Request, _content: bytes) -> web.StreamResponse:
    return web.Response()


@dataclass
class FarEnd:
    """A server.

    Attributes:
        port: stays the same over restarts.
        directory: for its certificate.
        answer: answers each request.
        requests: method, path, headers and body of each.
        proxied: targets of CONNECT requests.
    """

    port: int
    directory: Path
    answer: Answer = taken
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    @property
    def authority(self) -> str:
        return authority_certificate(ROOT, NAME)

    async def start(self, *, tls: bool = True) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self.port, ssl_context=self._context() if tls else None).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def idle(self) -> None:
        """Return once no client is connected."""
        server = self._runner.server if self._runner is not None else None
        await eventually("no connections", lambda: server is None or not server.connections)

    async def count(self, count: int) -> None:
        await eventually(f"{count} requests", lambda: len(self.requests) >= count)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        self.requests.append((request.method, request.path_qs, dict(request.headers), content))
        return await self.answer(request, content)

    def _context(self) -> ssl.SSLContext:
        return server_context(self.directory)


def server_context(directory: Path) -> ssl.SSLContext:
    """Return the TLS context of a server on loopback; its certificate is written to `directory`."""
    made = broker_certificate(ROOT, NAME, [HOST, "localhost"], period_of(dt.datetime.now(dt.UTC)))
    (directory / "server.pem").write_text(made.certificate + made.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "server.pem")
    return context


@asynccontextmanager
async def far_end(directory: Path) -> AsyncIterator[FarEnd]:
    (port,) = free_ports(1)
    end = FarEnd(port, directory)
    await end.start()
    try:
        yield end
    finally:
        await end.stop()
