"""Readings over HTTP, from the gateway to the disk: CPU time of gateway and store, requests a second, latency.

Run as `python -m benchmarks.http_path [--seconds 5] [--against <checkout> …]`. `--against` measures the programs of
other checkouts in the same run, case by case.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.table import Row, print_table
from e2e.cluster.checkout import ROOT
from e2e.mosquitto.build import ensure_mosquitto
from tests.edge_gateway.gateways import TOKEN, Gateway, Gateways
from tests.edge_processor.site import Site
from tests.support.fleet import Usage
from tests.support.mosquitto import MosquittoFactory

DEVICES = [f"d{number}" for number in range(1, 51)]
SINGLE, ARRAY = 1, 100
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True)
class Case:
    """One load.

    Attributes:
        name: of the case.
        readings: number of readings in a request.
        connections: number of connections.
        basic: whether devices log in with their password instead of the API token.
    """

    name: str
    readings: int
    connections: int
    basic: bool = False


CASES = (
    Case("single, 50 connections", SINGLE, 50),
    Case("single, 50 devices with passwords", SINGLE, 50, basic=True),
    Case("single, 1 connection", SINGLE, 1),
    Case("array of 100, 8 connections", ARRAY, 8),
)


@dataclass
class Programs:
    """A site with the programs of one checkout.

    Attributes:
        name: of the checkout.
        site: its broker and store.
        gateway: its gateway.
        rounds: number of loads so far.
    """

    name: str
    site: Site
    gateway: Gateway
    rounds: int = 0

    @classmethod
    async def start(cls, checkout: Path, brokers: MosquittoFactory, directory: Path) -> "Programs":
        """Start a broker, a store, and a gateway that has the devices."""
        source = {"PYTHONPATH": str(checkout / "workloads")}
        site = Site(brokers(devices=DEVICES), directory)
        site.store.environment = {**site.store.environment, **source}
        site.store.start()
        gateway = Gateways(site, directory)(ready=True, **source)
        for device in DEVICES:
            answer = await gateway.ask("POST", f"/devices/{device}/status", json={"status": "online"})
            assert answer.status == 200, answer
        return cls(checkout.name, site, gateway)

    def measure(self, case: Case, seconds: float) -> list[Row]:
        """Return the figures of a case."""
        self.rounds += 1
        pids = (self.gateway.process.pid, self.site.store.pid)
        before = [Usage.of(pid) for pid in pids]
        result = self._send(case, seconds)
        gateway, store = (Usage.of(pid).cpu - one.cpu for pid, one in zip(pids, before, strict=True))
        requests = result["requests"]
        assert set(result["statuses"]) == {"200"}, result
        micro = 1e6 / (requests * case.readings)
        wall, sender = result["wall_seconds"], result["cpu_seconds"]
        total = gateway + store + sender
        milliseconds = f"{1e3 * result['p50_seconds']:.1f}/{1e3 * result['p99_seconds']:.1f}"
        cpu = f"{micro * gateway:.1f} + {micro * store:.1f} = {micro * (gateway + store):.1f}"
        name = f"{case.name}: {self.name}"
        return [
            Row(f"{name}: CPU µs a reading, gateway + store", cpu, "30" if case.readings == ARRAY else ""),
            Row(f"{name}: requests/s; p50/p99 ms", f"{requests / wall:,.0f}; {milliseconds}", ""),
            Row(f"{name}: requests per second of CPU, sender included", f"{requests / total:,.0f}", ""),
            Row(f"{name}: share of the sender; CPUs used", f"{100 * sender / total:.0f} %; {total / wall:.2f}", ""),
        ]

    def _send(self, case: Case, seconds: float) -> Any:
        names = [DEVICES[number % len(DEVICES)] for number in range(case.connections)]
        logins = [f"{name} {self.site.broker.passwords[name] if case.basic else TOKEN}" for name in names]
        command = [sys.executable, "-m", "benchmarks.http_sender", "--port", str(self.gateway.port("HTTP"))]
        command += ["--seconds", str(seconds), "--readings", str(case.readings), "--session", f"r{self.rounds}"]
        command += ["--basic"] if case.basic else []
        done = subprocess.run([*command, *logins], capture_output=True, check=True, cwd=ROOT, timeout=seconds + 60)
        return json.loads(done.stdout)


def measure(seconds: float, checkouts: Sequence[Path], only: str) -> list[Row]:
    """Return the rows of all cases."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary:
        brokers = MosquittoFactory(ensure_mosquitto() / "bin", Path(temporary))
        made: list[Programs] = []
        try:
            for number, checkout in enumerate(checkouts):
                directory = Path(temporary) / f"programs-{number}"
                directory.mkdir()
                made.append(asyncio.run(Programs.start(checkout, brokers, directory)))
            for case in (each for each in CASES if only in each.name):
                for programs in made:
                    programs.measure(case, WARM_UP_SECONDS)
                    rows += programs.measure(case, seconds)
        finally:
            for programs in made:
                programs.gateway.process.kill()
                programs.site.end()
            brokers.end_all()
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--against", type=Path, nargs="*", default=[])
    parser.add_argument("--only", default="", help="cases with this in their name")
    options = parser.parse_args()
    rows = measure(options.seconds, [ROOT, *options.against], options.only)
    print_table(f"HTTP readings ({os.cpu_count()} CPUs)", rows)


if __name__ == "__main__":
    main()
