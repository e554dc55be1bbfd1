"""Thousands of devices in one process, as lean as Python can: bare MQTT 5 on asyncio's transports.

Ten thousand processes of `edge-device` would need more CPU than the operator. Devices are read from stdin, a line
`host port username password` each, and connect as they are read. A line on stdout has the number of connected devices.
"""

import argparse
import asyncio
import json
import random
import resource
import secrets
import struct
import sys
from collections import deque
from dataclasses import dataclass, field

KEEPALIVE = 120
CONNACK = 0x20
TICK = 0.1
"""Seconds between two slices of heartbeats, and of connections."""

RETRY = (1.0, 3.0)
"""Seconds after which a connection is tried again, at random."""


def text(value: str) -> bytes:
    """Return a string as MQTT sends it."""
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    """Return a packet with its length."""
    length, size = len(body), b""
    while True:
        length, part = length >> 7, length & 0x7F
        size += bytes([part | 0x80 if length else part])
        if not length:
            return bytes([first]) + size + body


def connect(username: str, password: str, will: tuple[str, bytes] | None = None) -> bytes:
    """Return a CONNECT with a clean start, and a retained will at QoS 1 if one is given."""
    flags = 0b1100_0010 | (0b0010_1100 if will else 0)
    said = b"" if will is None else b"\0" + text(will[0]) + struct.pack("!H", len(will[1])) + will[1]
    head = text("MQTT") + bytes([5, flags]) + struct.pack("!H", KEEPALIVE) + b"\0"
    return packet(0x10, head + text(username) + said + text(username) + text(password))


def publish(topic: str, payload: bytes, number: int = 1) -> bytes:
    """Return a retained PUBLISH at QoS 1."""
    return packet(0x33, text(topic) + struct.pack("!H", number) + b"\0" + payload)


@dataclass(slots=True, eq=False)
class Device(asyncio.Protocol):
    """One device; packets of the broker after the CONNACK are ignored.

    Attributes:
        fleet: the fleet of the device.
        host: the broker's.
        port: the broker's.
        username: its identifier.
        password: its password.
    """

    fleet: "Fleet"
    host: str
    port: int
    username: str
    password: str
    transport: asyncio.WriteTransport | None = None
    is_in: bool = False
    status: bytes = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in under a new session."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        topic, session = f"devices/{self.username}/status", secrets.token_hex(4)
        said = {"id": self.username, "metadata": {"firmware": "1.0"}, "session": session}
        will = json.dumps({**said, "status": "offline", "reason": "LastWill"}).encode()
        self.status = publish(topic, json.dumps({**said, "status": "online"}).encode())
        transport.write(connect(self.username, self.password, (topic, will)))

    def data_received(self, data: bytes) -> None:
        """Announce itself once it is let in."""
        if self.is_in or data[0] != CONNACK or self.transport is None:
            return
        if data[3] == 0:
            self.is_in = True
            self.fleet.connected += 1
            self.transport.write(self.status)
        else:
            self.fleet.refused += 1

    def connection_lost(self, _error: Exception | None) -> None:
        """Come again soon."""
        self.fleet.connected -= self.is_in
        self.transport, self.is_in = None, False
        asyncio.get_running_loop().call_later(random.uniform(*RETRY), self.fleet.waiting.append, self)

    def beat(self) -> None:
        """Say that it is there."""
        if self.is_in and self.transport is not None:
            self.transport.write(self.status)


@dataclass
class Fleet:
    """All devices of this process.

    Attributes:
        rate: connections a second that are begun.
        heartbeat: seconds between two heartbeats of a device.
        connected: number of devices that the broker has accepted.
        refused: number of rejected logins.
        waiting: those that are to connect.
    """

    rate: float
    heartbeat: float
    connected: int = 0
    refused: int = 0
    waiting: deque[Device] = field(default_factory=deque)
    _devices: list[Device] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, line: str) -> None:
        """Take a device from its line."""
        host, port, username, password = line.split()
        device = Device(self, host, int(port), username, password)
        self._devices.append(device)
        self.waiting.append(device)

    async def run(self) -> None:
        """Connect the devices and send heartbeats, each slice when it is due, until cancelled."""
        written, at, due_to_connect, due_to_beat, place = "", 0, 0.0, 0.0, 0
        while True:
            await asyncio.sleep(TICK)
            due_to_connect = min(due_to_connect + self.rate * TICK, self.rate * TICK * 2)
            while self.waiting and due_to_connect >= 1:
                due_to_connect -= 1
                self._begin(self.waiting.popleft())
            due_to_beat += len(self._devices) * TICK / self.heartbeat
            while due_to_beat >= 1:
                due_to_beat -= 1
                place = (place + 1) % len(self._devices)
                self._devices[place].beat()
            at += 1
            now = f"{self.connected} {self.refused}"
            if now != written and at % 5 == 0:
                sys.stdout.write(f"{now}\n")
                sys.stdout.flush()
                written = now

    def _begin(self, device: Device) -> None:
        task = asyncio.get_running_loop().create_task(self._open(device))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, device: Device) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: device, device.host, device.port)
        except OSError as error:
            device.connection_lost(error)


async def serve(fleet: Fleet) -> None:
    """Read devices from stdin and run them, until cancelled."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    running = asyncio.create_task(fleet.run())
    while line := await reader.readline():
        fleet.add(line.decode())
    await running


def main() -> None:
    """Run the fleet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="connections a second")
    parser.add_argument("--heartbeat", type=float, default=30.0, help="seconds")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(Fleet(options.rate, options.heartbeat)))


if __name__ == "__main__":
    main()
