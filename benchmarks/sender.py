"""One client that publishes for many devices, at an even rate: MQTT 3.1.1, which has no receive maximum.

Run by `benchmarks.session`; it logs in as a client of the site's spec, with its own access rule.
"""

import argparse
import asyncio
import json
import struct

from benchmarks.wire_fleet import packet, text

TICK = 0.02
"""Seconds between two slices."""


class Sender(asyncio.Protocol):
    """The connection; responses of the broker are ignored."""

    def __init__(self, username: str, password: str) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self._login = text(username) + text(username) + text(password)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log in."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.write(packet(0x10, text("MQTT") + bytes([4, 0b1100_0010, 0, 0]) + self._login))

    def data_received(self, data: bytes) -> None:
        """Take the CONNACK."""
        if not self.opened.done():
            assert data[:1] == b"\x20", data
            assert data[3] == 0, data
            self.opened.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail: nobody ends it but itself."""
        if not self.transport.is_closing():
            raise AssertionError(f"the broker has ended the connection: {error}")


def status(number: int, round_: int) -> bytes:
    """Return a device's status as a QoS 1 PUBLISH."""
    name = f"device-{number:06}"
    said = {"id": name, "status": "online", "session": "7", "metadata": {"firmware": "1.0"}}
    body = text(f"devices/{name}/status") + struct.pack("!H", 1 + (number + round_) % 65535)
    return packet(0x33, body + json.dumps(said).encode())


async def send(port: int, username: str, password: str, devices: int, rounds: int, rate: float) -> None:
    """Send one message of every device in each round."""
    loop = asyncio.get_running_loop()
    _, sender = await loop.create_connection(lambda: Sender(username, password), "127.0.0.1", port)
    await sender.opened
    begun, sent = loop.time(), 0
    for round_ in range(rounds):
        packets = [status(number, round_) for number in range(devices)]
        while packets:
            await asyncio.sleep(TICK)
            due = int((loop.time() - begun) * rate) - sent
            part, packets = packets[:due], packets[due:]
            sender.transport.write(b"".join(part))
            sent += len(part)
        begun, sent = loop.time(), 0
    await asyncio.sleep(1)
    sender.transport.close()


def main() -> None:
    """Send."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--port", "--devices", "--rounds"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--username", "--password"):
        parser.add_argument(name, required=True)
    parser.add_argument("--rate", type=float, required=True, help="messages a second")
    options = parser.parse_args()
    rounds = options.rounds
    asyncio.run(send(options.port, options.username, options.password, options.devices, rounds, options.rate))


if __name__ == "__main__":
    main()
