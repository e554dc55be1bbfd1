"""Devices that publish until the broker has acknowledged, through all its failures; a process of its own.

Each line on stdin is a command: `go` starts, `pause` stops new readings. Once all that was sent is acknowledged, the
answer to `pause` is one line of JSON with the number of acknowledged readings of each device: their seqs begin at 0.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from benchmarks.path.wire import CONNACK, Connect, Decoder, publish
from benchmarks.wire_fleet import text

SESSION = "s"
WINDOW = 500
"""Number of unacknowledged readings of a device: after an outage the broker is not flooded."""

HOT_EVERY = 500
"""One reading in so many is above the rule, the next one below it."""

HOT_VALUE, COOL_VALUE = 90, 20
TICK_SECONDS = 0.005
RETRY_SECONDS = 0.1
CONNECT_SECONDS = 3.0
READING = (
    b'{"sensor_type":"temperature","value":%d,"unit":"celsius","session":"s","seq":%d,"metadata":{"firmware":"2.4.1"}}'
)


def value_of(seq: int) -> int:
    """Return the value of a reading."""
    return HOT_VALUE if seq % HOT_EVERY == HOT_EVERY // 2 else COOL_VALUE


class Connection(asyncio.Protocol):
    """One connection of a device.

    Args:
        device: of which.
    """

    transport: asyncio.Transport

    def __init__(self, device: "Device") -> None:
        loop = asyncio.get_running_loop()
        self.opened, self.closed = loop.create_future(), loop.create_future()
        self._device, self._decoder = device, Decoder()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._device.login)

    def data_received(self, data: bytes) -> None:
        """Take the CONNACK and acknowledgements, which come in the order of the readings."""
        packets = self._decoder.feed(data)
        for first, body in packets.others:
            if first & 0xF0 == CONNACK and not self.opened.done():
                self.opened.set_result(body[1] == 0)
        if packets.acknowledged:
            self._device.take(packets.acknowledged)

    def connection_lost(self, _error: Exception | None) -> None:
        """Have the device connect again."""
        if not self.closed.done():
            self.closed.set_result(None)


class Device:
    """One device.

    Args:
        name: its id.
        password: of its login.
    """

    def __init__(self, name: str, password: str) -> None:
        self.name = name
        self.login = Connect(name, password).encode()
        self.due = self.acknowledged = 0
        self._topic = text(f"devices/{name}/data")
        self._sent = 0
        self._unacknowledged: deque[int] = deque()
        self._connection: Connection | None = None

    def take(self, packet_ids: Sequence[int]) -> None:
        """Count acknowledgements."""
        for packet_id in packet_ids:
            assert self._unacknowledged.popleft() == packet_id, f"{self.name}: acknowledged in another order"
        self.acknowledged += len(packet_ids)
        self.send()

    def send(self) -> None:
        """Publish what is due, within the window."""
        if self._connection is None:
            return
        parts = []
        for seq in range(self._sent, min(self.due, self.acknowledged + WINDOW)):
            packet_id = 1 + seq % 60_000
            parts.append(publish(self._topic, packet_id, READING % (value_of(seq), seq)))
            self._unacknowledged.append(packet_id)
            self._sent = seq + 1
        if parts:
            self._connection.transport.write(b"".join(parts))

    async def run(self, port: int) -> None:
        """Stay connected until cancelled; what was not acknowledged is published again on each connection."""
        while True:
            with contextlib.suppress(OSError, TimeoutError):
                await self._connected(port)
            self._connection = None
            await asyncio.sleep(RETRY_SECONDS)

    async def _connected(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, connection = await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                done, _ = await asyncio.wait(
                    {connection.opened, connection.closed}, return_when=asyncio.FIRST_COMPLETED
                )
            if connection.opened in done and connection.opened.result():
                self._sent = self.acknowledged
                self._unacknowledged.clear()
                self._connection = connection
                self.send()
                await connection.closed
        finally:
            connection.transport.abort()


async def command(reader: asyncio.StreamReader) -> str:
    """Return the next line of stdin."""
    return (await reader.readline()).decode().strip()


async def pace(devices: Sequence[Device], rate: float, stop: asyncio.Event) -> None:
    """Make readings due at a rate, in readings a second of all devices, until `stop`."""
    begun, made = time.monotonic(), 0
    first = {device.name: device.due for device in devices}
    while not stop.is_set():
        await asyncio.sleep(TICK_SECONDS)
        made = int((time.monotonic() - begun) * rate / len(devices))
        for device in devices:
            # What the window held back is not made up for: the rate stays what it is.
            device.due = max(device.due, min(first[device.name] + made, device.acknowledged + WINDOW))
            device.send()
            if first[device.name] + made > device.due:
                first[device.name] = device.due - made


async def settle(devices: Sequence[Device]) -> None:
    """Return when everything is acknowledged."""
    while any(device.acknowledged < device.due for device in devices):  # noqa: ASYNC110 — many events, one state
        await asyncio.sleep(TICK_SECONDS)


async def run(options: argparse.Namespace) -> None:
    """Connect all devices and follow the commands until stdin ends."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    logins = (line.partition(":") for line in options.logins.read_text().splitlines())
    devices = [Device(name, password) for name, _, password in logins]
    running = [asyncio.create_task(device.run(options.port)) for device in devices]
    print("ready", flush=True)
    while await command(reader) == "go":
        stop = asyncio.Event()
        pacing = asyncio.create_task(pace(devices, options.rate, stop))
        # Whatever comes, also the end of stdin, ends the readings.
        await command(reader)
        stop.set()
        await pacing
        await settle(devices)
        print(json.dumps({device.name: device.acknowledged for device in devices}), flush=True)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def main() -> None:
    """Publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--logins", type=Path, required=True, help="file with a line `device:password` each")
    parser.add_argument("--rate", type=float, required=True, help="readings a second of all devices")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
