"""A TLS server with a certificate that no client may accept: it counts those that do."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge_operator.identity.certificates import broker_certificate, period_of
from tests.support.link.names import DOMAIN

OTHER_ROOT = bytes(range(100, 132))
HANDSHAKE_SECONDS = 5.0
HANDSHAKE = 22
"""First byte of what a client with TLS sends (RFC 8446, 5.1)."""

NAMES = tuple(f"{name}.{DOMAIN}" for name in ("cloud", "kafka", "mqtt", "alertmanager", "webhook"))


@dataclass
class Impostor:
    """The server.

    Attributes:
        deceived: number of clients that completed a handshake, or sent something without TLS.
    """

    deceived: int = 0

    async def listen(self, address: str, directory: Path) -> int:
        """Listen on a free port and return it; the certificate is written to `directory`."""
        made = broker_certificate(OTHER_ROOT, "impostor", NAMES, period_of(datetime.now(UTC)))
        path = directory / "impostor.pem"
        path.write_text(made.certificate + made.key)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(path)
        server = await asyncio.start_server(self._take, address, 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    if await self._is_deceived(reader, writer):
                        self.deceived += 1
        finally:
            writer.close()

    async def _is_deceived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Return whether the client goes on after it has seen the certificate, or needs none."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls, is_first = self._tls.wrap_bio(incoming, outgoing, server_side=True), True
        while data := await reader.read(65536):
            if is_first and data[0] != HANDSHAKE:
                return True
            is_first = False
            incoming.write(data)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                continue
            except ssl.SSLError:
                # The client has sent an alert: it refuses the certificate.
                return False
            return True
        return False
