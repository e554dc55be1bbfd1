"""The cloud receiver of examples/, with a record of what arrives in its order; a process of its own.

It appends a line for each reading and each alert of a request that the receiver accepts, before it answers.
"""

import argparse
import gzip
import importlib
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import uvicorn

from benchmarks.crash.sinks.lines import alert_line, reading_line
from e2e.cluster.checkout import ROOT

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Recorded:
    """The receiver with its record, as an ASGI application.

    Attributes:
        app: the receiver.
        record: the file.
    """

    app: Callable[[Scope, Receive, Send], Awaitable[None]]
    record: BinaryIO

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = bytearray()

        async def copied() -> MutableMapping[str, Any]:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def recorded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                self._write(scope, bytes(body))
            await send(message)

        await self.app(scope, copied, recorded)

    def _write(self, scope: Scope, body: bytes) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        lines = gzip.decompress(body).splitlines()
        if scope["path"].endswith("/readings"):
            site, log = headers["edge-site"], headers["edge-log-id"]
            self.record.write(b"".join(reading_line(site, log, line) for line in lines))
        elif scope["path"].endswith("/alerts"):
            self.record.write(b"".join(map(alert_line, lines)))


def main() -> None:
    """Receive until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file with certificate and key")
    parser.add_argument("--record", type=Path, required=True)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "examples" / "cloud-receiver"))
    app = importlib.import_module("cloud_receiver").create_app()
    with options.record.open("ab", buffering=0) as record:
        uvicorn.run(
            Recorded(app, record),
            host=options.host,
            port=options.port,
            ssl_certfile=options.certificate,
            access_log=False,
            log_level="warning",
            timeout_keep_alive=75,
        )


if __name__ == "__main__":
    main()
