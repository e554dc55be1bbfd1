"""Sends readings over HTTP as fast as they are answered: a process of its own, so that its CPU time is known.

Run by `benchmarks.http_path`; prints one JSON object.
"""

import argparse
import asyncio
import base64
import json
import re
import time
from dataclasses import dataclass, field
from functools import partial

FIRST_SEQ = 1_000_000_000
"""All sequence numbers have the same length, so that a request is built by formatting alone."""

_READING = (
    '{"timestamp":"2026-01-31T12:00:00.000Z","sensor_type":"temperature","value":21.5,"unit":"celsius",'
    '"location":"hall-1","metadata":{"rack":3},"session":"%s","seq":%%d}'
)
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Load:
    """What all connections share.

    Attributes:
        readings: number of readings in a request.
        ends_at: time of `perf_counter` at which no more requests are sent, in seconds.
        seconds: duration of each answered request.
        statuses: number of answers by status line.
    """

    readings: int
    ends_at: float = 0.0
    seconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)


class Sender(asyncio.Protocol):
    """One connection: sends a request as soon as the one before is answered.

    Args:
        load: what all connections share.
        head: of the requests, without the length.
        session: of the readings.
    """

    def __init__(self, load: Load, head: str, session: str) -> None:
        self.done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._next = FIRST_SEQ
        one = _READING % session
        body = one if load.readings == 1 else "[" + ",".join([one] * load.readings) + "]"
        length = len(body % tuple([FIRST_SEQ] * load.readings))
        self._template = f"{head}Content-Length: {length}\r\n\r\n{body}".encode()
        self._answer = b""
        self._sent_at = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Send the next request once the answer is complete."""
        self._answer = self._answer + data if self._answer else data
        end = self._answer.find(b"\r\n\r\n")
        found = _LENGTH.search(self._answer, 0, end) if end >= 0 else None
        if found is None or len(self._answer) < end + 4 + int(found[1]):
            return
        now = time.perf_counter()
        self._load.seconds.append(now - self._sent_at)
        status = self._answer[9:12].decode()
        self._load.statuses[status] = self._load.statuses.get(status, 0) + 1
        self._answer = b""
        if now < self._load.ends_at:
            self._send()
        else:
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if not self.done.done():
            self.done.set_result(exc)

    def _send(self) -> None:
        assert self._transport is not None
        first, self._next = self._next, self._next + self._load.readings
        self._sent_at = time.perf_counter()
        self._transport.write(self._template % tuple(range(first, self._next)))

    def _close(self) -> None:
        assert self._transport is not None
        self._transport.close()


def _same(sender: Sender) -> Sender:
    return sender


async def send(options: argparse.Namespace) -> Load:
    """Send until the time is over and every request is answered."""
    load = Load(options.readings, time.perf_counter() + options.seconds)
    loop = asyncio.get_running_loop()
    senders: list[Sender] = []
    for number, login in enumerate(options.login):
        device, _, secret = login.partition(" ")
        if options.basic:
            authorization = "Basic " + base64.b64encode(f"{device}:{secret}".encode()).decode()
        else:
            authorization = f"Bearer {secret}"
        head = (
            f"POST /devices/{device}/data HTTP/1.1\r\nHost: gateway\r\nAuthorization: {authorization}\r\n"
            "Content-Type: application/json\r\nUser-Agent: bench\r\n"
        )
        sender = Sender(load, head, f"{options.session}-{number}")
        await loop.create_connection(partial(_same, sender), options.host, options.port)
        senders.append(sender)
    await asyncio.gather(*(sender.done for sender in senders))
    return load


def main() -> None:
    """Send, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--readings", type=int, default=1)
    parser.add_argument("--session", default="s")
    parser.add_argument("--basic", action="store_true")
    parser.add_argument("login", nargs="+", help="'<device id> <secret>', one connection each")
    began, used = time.perf_counter(), time.process_time()
    load = asyncio.run(send(parser.parse_args()))
    taken = sorted(load.seconds)
    figures = {
        "requests": len(taken),
        "wall_seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - used,
        "p50_seconds": taken[len(taken) // 2],
        "p99_seconds": taken[len(taken) * 99 // 100],
        "statuses": load.statuses,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
