"""The gateway's check of a device's password: the product's MQTT client, and the bare exchange of packets.

Run by `make bench`, or `python -m benchmarks.login_check [--logins 500]`, which takes a few seconds.
"""

import argparse
import asyncio
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.table import Row, print_table
from e2e.mosquitto.build import ensure_mosquitto
from edge_gateway.auth.devices import MAX_CONCURRENT_LOGINS
from edge_gateway.auth.login import BrokerLogin
from edge_service.address import BrokerAddress
from tests.support.mosquitto import HOST, Mosquitto, MosquittoFactory

ROUNDS = 2
DEVICE = "d1"
DISCONNECT = bytes((0xE0, 0x00))

Check = Callable[[str, str], Awaitable[bool]]


@dataclass(frozen=True)
class BareLogin:
    """CONNECT and CONNACK over asyncio's streams: the least that a check can cost.

    Attributes:
        address: of the broker.
    """

    address: BrokerAddress

    async def right(self, username: str, password: str) -> bool:
        """Return whether the broker accepts this login."""
        texts = [text.encode() for text in (f"bare-{secrets.token_hex(4)}", username, password)]
        body = b"\0\4MQTT\5\xc2\0\x0a\0" + b"".join(len(text).to_bytes(2, "big") + text for text in texts)
        assert len(body) < 128, "the remaining length is one byte"
        reader, writer = await asyncio.open_connection(self.address.host, self.address.port)
        writer.write(bytes((0x10, len(body))) + body)
        length = (await reader.readexactly(2))[1]
        granted = (await reader.readexactly(length))[1] == 0
        writer.write(DISCONNECT)
        writer.close()
        return granted


@dataclass
class Cost:
    """What a number of checks cost.

    Attributes:
        cpu: ms of CPU of this process for each check.
        wall: ms of each check.
        threads: most threads at the end of a check, beyond those of the beginning.
        files: most open files at the end of a check, beyond those of the beginning.
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    threads: int = 0
    files: int = 0

    async def add(self, check: Check, password: str, logins: int, at_once: int) -> None:
        """Measure `logins` checks, `at_once` at a time."""
        turn, threads, files = asyncio.Semaphore(at_once), threading.active_count(), _open_files()

        async def one() -> None:
            async with turn:
                begun = time.perf_counter()
                assert await check(DEVICE, password)
                self.wall.append(1e3 * (time.perf_counter() - begun))
                self.threads = max(self.threads, threading.active_count() - threads)
                self.files = max(self.files, _open_files() - files)

        cpu = time.process_time()
        await asyncio.gather(*(one() for _ in range(logins)))
        self.cpu.append(1e3 * (time.process_time() - cpu) / logins)

    def __str__(self) -> str:
        """Return the figures of one row."""
        return (
            f"CPU {statistics.mean(self.cpu):.2f} ms; wall {statistics.median(self.wall):.2f} ms;"
            f" {self.threads} threads, {self.files} files"
        )


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def measure(broker: Mosquitto, logins: int) -> list[Row]:
    """Measure both ways, one at a time and as many as the gateway allows."""
    rows: list[Row] = []
    address = BrokerAddress(HOST, broker.layout.components)
    ways: dict[str, Check] = {
        "bare exchange": BareLogin(address).right,
        "MQTT client": BrokerLogin(address, "check", answer_seconds=60).right,
    }
    for at_once in (1, MAX_CONCURRENT_LOGINS):
        costs = {name: Cost() for name in ways}
        for _ in range(ROUNDS):
            for name, check in ways.items():
                await costs[name].add(check, broker.passwords[DEVICE], logins // ROUNDS, at_once)
        rows += [Row(f"{name}, {at_once} at once", str(cost), "") for name, cost in costs.items()]
        bare, client = costs.values()
        cpu = statistics.mean(client.cpu) / statistics.mean(bare.cpu)
        wall = statistics.median(client.wall) / statistics.median(bare.wall)
        rows.append(Row(f"ratio, {at_once} at once", f"CPU {cpu:.1f}; wall {wall:.1f}", ""))
    return rows


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logins", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as directory:
        brokers = MosquittoFactory(ensure_mosquitto() / "bin", Path(directory))
        try:
            rows = asyncio.run(measure(brokers([DEVICE]), options.logins))
        finally:
            brokers.end_all()
    print_table(f"{options.logins} checks of a device's password, each way", rows)


if __name__ == "__main__":
    main()
