"""A subscriber on `cloud/sensors/#` at QoS 1 that counts and takes delays; a process of its own.

It ends when `--messages` have arrived, or when none has arrived for `--idle` seconds, with one line of JSON.
"""

import argparse
import json
import socket
import time
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.path.wire import Connect, Decoder, Publish, pubacks, subscribe

READ_BYTES = 1 << 18


@dataclass
class Counted:
    """What has arrived.

    Attributes:
        every: of so many messages the delay of one is taken.
    """

    every: int
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    until_out: list[float] = field(default_factory=list)
    since_received: list[float] = field(default_factory=list)

    def take(self, publishes: list[Publish], now: float) -> None:
        """Count messages that arrived at `now` (seconds since 1970)."""
        self.first = self.first or now
        self.last = now
        start = -self.count % self.every
        self.count += len(publishes)
        for each in publishes[start :: self.every]:
            self._delay(each.payload, now)

    def _delay(self, payload: bytes, now: float) -> None:
        document = json.loads(payload)
        # What another program publishes may have neither.
        if sent := document.get("metadata", {}).get("sent"):
            self.until_out.append(now - sent)
        if "received_at" in document:
            self.since_received.append(now - datetime.fromisoformat(document["received_at"]).timestamp())

    def figures(self) -> dict[str, object]:
        """Return everything as JSON."""
        return {
            "count": self.count,
            "first": self.first,
            "last": self.last,
            "until_out": sorted(self.until_out),
            "since_received": sorted(self.since_received),
            "cpu_seconds": time.process_time(),
        }


def run(options: argparse.Namespace) -> Counted:
    """Subscribe, print `ready`, and count."""
    counted, decoder = Counted(options.every), Decoder()
    with socket.create_connection(("127.0.0.1", options.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(Connect(options.username, options.password).encode() + subscribe("cloud/sensors/#"))
        is_ready = False
        # The first message may need as long as a processor needs to start.
        connection.settimeout(60)
        while counted.count < options.messages:
            try:
                data = connection.recv(READ_BYTES)
            except TimeoutError:
                break
            now = time.time()
            assert data, "the broker has ended the connection"
            packets = decoder.feed(data)
            if packets.publishes:
                connection.sendall(pubacks(packets.publishes))
                counted.take(packets.publishes, now)
                connection.settimeout(options.idle)
            if not is_ready and any(first & 0xF0 == 0x90 for first, _ in packets.others):
                is_ready = True
                print("ready", flush=True)
    return counted


def main() -> None:
    """Count and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--every", type=int, default=1, help="take the delay of one message in so many")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds without a message after which it ends")
    print(json.dumps(run(parser.parse_args()).figures()), flush=True)


if __name__ == "__main__":
    main()
