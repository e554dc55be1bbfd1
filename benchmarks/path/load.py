"""Devices that publish readings at QoS 1, each on its own connection, paced by the clock; a process of its own.

`python -m benchmarks.path.load --port P --logins FILE --messages N --rate R`: rate 0 sends as fast as the broker reads.
It ends when the broker has acknowledged everything, or after `--patience` seconds, with one line of JSON.
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.path.wire import Connect, publish
from benchmarks.wire_fleet import text

SLICE_SECONDS = 0.001
"""Pause between two readings of the clock: at 1,000 messages a second each is sent by itself."""

WAITING_BYTES = 1 << 16
"""Of a connection that has so much to send, more is not encoded."""

PUBACK_BYTES = 4
"""Mosquitto's PUBACK of a message that somebody subscribes to."""

CONNACK_SECONDS = 20.0

READING = (
    b'{"device_id":"%b","timestamp":"%b","sensor_type":"temperature","value":%.2f,"unit":"fahrenheit",'
    b'"location":"hall-1","metadata":{"firmware":"2.4.1","battery":%d,"sent":%.6f},"session":"%b","seq":%d}'
)
"""About 230 bytes, with all that an ordinary device sends; `sent` is the time of publishing (seconds since 1970)."""


class Device(asyncio.Protocol):
    """One device.

    Args:
        name: its id.
        password: of its login.
        session: of its readings.
    """

    transport: asyncio.Transport

    def __init__(self, name: str, password: str, session: str) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.sent = self.acknowledged = 0
        self._name, self._session = name.encode(), session.encode()
        self._login = Connect(name, password).encode()
        self._topic = text(f"devices/{name}/data")
        self._rest = 0
        self._value = 65.0 + random.random() * 10

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._login)

    def data_received(self, data: bytes) -> None:
        """Count acknowledgements by their length: after the CONNACK nothing else arrives."""
        if not self.opened.done():
            assert data[0] == 0x20, data
            assert data[3] == 0, f"the broker rejects the login with {data[3]:#x}"
            self.opened.set_result(None)
            data = data[2 + data[1] :]
        self._rest += len(data)
        self.acknowledged += self._rest // PUBACK_BYTES
        self._rest %= PUBACK_BYTES

    def send(self, stamp: bytes, now: float) -> None:
        """Publish the next reading."""
        seq = self.sent
        self._value += random.random() - 0.5
        body = READING % (self._name, stamp, self._value, 100 - seq % 50, now, self._session, seq)
        self.transport.write(publish(self._topic, 1 + seq % 60000, body))
        self.sent += 1


@dataclass
class Load:
    """All devices of one load.

    Attributes:
        devices: connected.
        messages: number of messages to send.
        rate: messages per second; 0 for as many as the broker reads.
        patience_seconds: for the last acknowledgement.
    """

    devices: Sequence[Device]
    messages: int
    rate: float
    patience_seconds: float
    sent: int = field(default=0, init=False)

    async def run(self) -> dict[str, float]:
        """Send everything and wait for the acknowledgements; return the figures."""
        begun = time.time()
        while self.sent < self.messages:
            due = self.messages if not self.rate else min(self.messages, int((time.time() - begun) * self.rate) + 1)
            self._send_until(due)
            await asyncio.sleep(0 if not self.rate else SLICE_SECONDS)
        ended = time.time()
        while self._acknowledged() < self.sent and time.time() < ended + self.patience_seconds:  # noqa: ASYNC110 — a clock
            await asyncio.sleep(0.02)
        figures = {"sent": self.sent, "acknowledged": self._acknowledged(), "begun": begun, "ended": ended}
        return figures | {"cpu_seconds": time.process_time()}

    def _acknowledged(self) -> int:
        return sum(device.acknowledged for device in self.devices)

    def _send_until(self, due: int) -> None:
        now = time.time()
        stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
        count = len(self.devices)
        for number in range(self.sent, min(due, self.sent + 10 * count)):
            device = self.devices[number % count]
            if device.transport.get_write_buffer_size() > WAITING_BYTES:
                break
            device.send(stamp, now)
            self.sent += 1


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Connect all devices, print `ready`, wait for a line on stdin, and send."""
    loop, devices = asyncio.get_running_loop(), []
    for line in options.logins.read_text().splitlines():
        name, _, password = line.partition(":")
        made = partial(Device, name, password, options.session)
        _, device = await loop.create_connection(made, "127.0.0.1", options.port)
        devices.append(device)
    async with asyncio.timeout(CONNACK_SECONDS):
        await asyncio.gather(*(device.opened for device in devices))
    print("ready", flush=True)
    await asyncio.to_thread(input)
    return await Load(devices, options.messages, options.rate, options.patience).run()


def main() -> None:
    """Send and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--logins", type=Path, required=True, help="file with a line `device:password` each")
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="messages a second; 0 for a burst")
    parser.add_argument("--session", required=True)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for the last acknowledgement")
    print(json.dumps(asyncio.run(run(parser.parse_args()))), flush=True)


if __name__ == "__main__":
    main()
