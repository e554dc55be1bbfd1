"""A processor that receives and republishes, and stores nothing: the upper bound of what a processor can do here.

It logs in as the processor, with its session, so that broker and load are the same as for the real one.
"""

import argparse
import asyncio
from collections import deque

from benchmarks.path.wire import (
    CONNACK,
    LAST_ID,
    SUBACK,
    Connect,
    Decoder,
    pubacks,
    publish,
    receive_maximum,
    subscribe,
)
from benchmarks.wire_fleet import text

CLIENT_ID = "edge-processor"
PAUSE_SECONDS = 0.02
"""As the processor, it reads at most each 20 ms unless a read brought much."""

MUCH_BYTES = 100_000


class NullProcessor(asyncio.Protocol):
    """The connection.

    Args:
        username: of the login.
        password: of the login.
    """

    transport: asyncio.Transport

    def __init__(self, username: str, password: str) -> None:
        self._login = Connect(CLIENT_ID, password, username).encode()
        self._decoder = Decoder()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._window, self._in_flight, self._next = 20, 0, 0
        self._topics: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._login)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        raise SystemExit(f"the broker has ended the connection: {error}")

    def data_received(self, data: bytes) -> None:
        """Republish everything of one read, with one write."""
        if len(data) < MUCH_BYTES:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self.transport.resume_reading)
        packets = self._decoder.feed(data)
        for first, body in packets.others:
            self._other(first & 0xF0, body)
        self._in_flight -= len(packets.acknowledged)
        parts = []
        if packets.publishes:
            parts.append(pubacks(packets.publishes))
            self._waiting.extend((self._sensors(each.topic), each.payload) for each in packets.publishes)
        room = min(self._window - self._in_flight, len(self._waiting))
        for _ in range(room):
            topic, payload = self._waiting.popleft()
            self._next = self._next % LAST_ID + 1
            parts.append(publish(topic, self._next, payload))
        self._in_flight += room
        if parts:
            self.transport.write(b"".join(parts))

    def _sensors(self, topic: bytes) -> bytes:
        found = self._topics.get(topic)
        if found is None:
            found = self._topics[topic] = text(f"cloud/sensors/{topic.decode().split('/')[1]}")
        return found

    def _other(self, kind: int, body: bytes) -> None:
        if kind == CONNACK:
            assert body[1] == 0, f"the broker rejects the login with {body[1]:#x}"
            self._window = receive_maximum(body)
            self.transport.write(subscribe("devices/+/data"))
        elif kind == SUBACK:
            print("ready", flush=True)


async def run(port: int, username: str, password: str) -> None:
    """Run until it is ended."""
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: NullProcessor(username, password), "127.0.0.1", port)
    await asyncio.Event().wait()


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument("--password", required=True)
    options = parser.parse_args()
    asyncio.run(run(options.port, options.username, options.password))


if __name__ == "__main__":
    main()
