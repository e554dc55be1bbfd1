"""A cloud that takes every batch and stores nothing; a process of its own.

It listens with TLS. Each line on stdin is a command, answered with one line of JSON: what has arrived since the last
`begin`. `begin` forgets it, `count` returns it without the delays, `figures` with them.
"""

import argparse
import asyncio
import gzip
import json
import socket
import ssl
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

SENT = b'"sent":'
TCP_INFO_BYTES_RECEIVED, TCP_INFO_SEGMENTS = 128, 140
"""Positions in the kernel's `struct tcp_info` (linux/tcp.h)."""

HEADER_BYTES = 52
"""Headers of IPv4 and TCP with time stamps, of each segment."""

END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Arrived:
    """What has arrived since the last `begin`.

    Attributes:
        readings: number of readings.
        alerts: number of alerts.
        requests: number of requests with readings.
        body_bytes: as they were sent, compressed.
        line_bytes: of the readings, not compressed.
        first: time of the first request with readings, in seconds since 1970.
        last: time of the last one.
        delays: from publishing until arrival, in seconds, of the readings that have their time of publishing.
    """

    readings: int = 0
    alerts: int = 0
    requests: int = 0
    body_bytes: int = 0
    line_bytes: int = 0
    first: float = 0.0
    last: float = 0.0
    delays: list[float] = field(default_factory=list)

    def facts(self, command: str) -> dict[str, object]:
        """Return this as JSON; the delays, sorted, only for the command `figures`."""
        return vars(self) | {"delays": sorted(self.delays) if command == "figures" else []}

    def take(self, path: str, content: bytes, body_bytes: int) -> int:
        """Take the lines of a request; return their number."""
        now, count = time.time(), content.count(b"\n") + (not content.endswith(b"\n"))
        if path.endswith("/alerts"):
            self.alerts += count
            return count
        self.readings += count
        self.requests += 1
        self.body_bytes += body_bytes
        self.line_bytes += len(content)
        self.first = self.first or now
        self.last = now
        at = content.find(SENT)
        while at >= 0:
            end = min(each for each in (content.find(b",", at), content.find(b"}", at)) if each > 0)
            self.delays.append(now - float(content[at + len(SENT) : end]))
            at = content.find(SENT, end)
        return count


class Server(asyncio.Protocol):
    """One connection: requests of HTTP/1.1 with a Content-Length.

    Args:
        state: of the receiver.
    """

    transport: asyncio.Transport

    def __init__(self, state: "Receiver") -> None:
        self._state = state
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        self.transport = transport  # type: ignore[assignment] # that of TLS is one only from Python 3.12 on
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._state.connections.append(self._socket)

    def connection_lost(self, _error: Exception | None) -> None:
        """Keep its bytes."""
        if self._socket in self._state.connections:
            self._state.connections.remove(self._socket)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        self._received += data
        while (end := self._received.find(END_OF_HEAD)) >= 0:
            first, *lines = self._received[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            begin = end + len(END_OF_HEAD)
            length = int(headers.get("content-length", 0))
            if len(self._received) < begin + length:
                return
            body = bytes(self._received[begin : begin + length])
            del self._received[: begin + length]
            self._answer(first.split(" ")[1], body, headers)

    def _answer(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        content = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        count = self._state.arrived.take(path, content, len(body)) if body else 0
        document = b'{"accepted":%d}' % count
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(document)
        self.transport.write(head + document)


@dataclass
class Receiver:
    """The far end.

    Attributes:
        arrived: since the last `begin`.
        connections: that are open.
    """

    arrived: Arrived = field(default_factory=Arrived)
    connections: list[socket.socket] = field(default_factory=list)
    _wire_before: int = 0

    def wire_bytes(self) -> int:
        """Return the bytes that the open connections have received, with the headers of IP and TCP."""
        total = 0
        for each in self.connections:
            info = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            total += struct.unpack_from("=Q", info, TCP_INFO_BYTES_RECEIVED)[0]
            total += HEADER_BYTES * struct.unpack_from("=I", info, TCP_INFO_SEGMENTS)[0]
        return total

    def command(self, line: str) -> dict[str, object]:
        """Carry out a command."""
        if line == "begin":
            self.arrived, self._wire_before = Arrived(), self.wire_bytes()
        return self.arrived.facts(line) | {
            "wire_bytes": self.wire_bytes() - self._wire_before,
            "cpu_seconds": time.process_time(),
        }


async def run(options: argparse.Namespace) -> None:
    """Listen and follow the commands until stdin ends."""
    loop, reader, state = asyncio.get_running_loop(), asyncio.StreamReader(), Receiver()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options.certificate)
    await loop.create_server(lambda: Server(state), "127.0.0.1", options.port, ssl=tls)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print("ready", flush=True)
    while line := (await reader.readline()).decode().strip():
        print(json.dumps(state.command(line)), flush=True)


def main() -> None:
    """Receive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file with certificate and key")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
