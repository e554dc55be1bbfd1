"""100,000 devices through one session with a real broker into the liveness floor, without an API server.

Run by `make bench-devices`, or `python -m benchmarks.session [--devices 100000] [--rate 3333]`.
"""

import argparse
import asyncio
import contextlib
import gc
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.table import Row, print_table
from e2e.mosquitto.build import ensure_mosquitto
from edge_operator.api.broker import BrokerClient
from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.clock import wall_clock
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.clocks import Clocks
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.control.liveness.message_handler import BrokerMessageHandler
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.identity.logins import OPERATOR, component_login
from edge_operator.telemetry.metrics import Metrics
from tests.support.fleet import Usage
from tests.support.mosquitto import HOST, ROOT, Mosquitto, MosquittoFactory
from tests.support.processes import eventually

SITE = ("bench", "plant")
LOAD = BrokerClient(name="load", publish=["devices/+/status"])
MEMORY = 1 << 30
ROUNDS = 3
TICK = 0.25
LATE_SECONDS = 30.0
KIB = 1 << 10


@dataclass
class Receiver:
    """The operator's parts that receive messages, for one site.

    Attributes:
        index: the liveness of the devices.
        sessions: the session with the broker.
        metrics: where messages are counted.
    """

    index: DeviceIndex
    sessions: BrokerSessions
    metrics: Metrics

    @classmethod
    def of(cls, devices: int) -> "Receiver":
        """Return a receiver for one site with so many devices."""
        sites, known = SiteCache(lambda *_: None), DeviceCache(lambda *_: None)
        sites.put(_body("EdgeSite", SITE[1], {}))
        for number in range(devices):
            known.put(_body("EdgeDevice", f"device-{number:06}", {"siteRef": {"name": SITE[1]}}))
        index = DeviceIndex(sites, known, Clocks(time.monotonic, wall_clock))
        for device_id in (f"device-{number:06}" for number in range(devices)):
            index.update_id_owner(SITE, device_id)
        receiver = cls(index, BrokerSessions("bench"), Metrics())
        cleanup = RetainedCleanup(receiver.sessions, sites, known, receiver.metrics, time.monotonic)
        rosters = RosterPublisher(receiver.sessions, sites, known, receiver.metrics, time.monotonic)
        site_topics = SiteTopics(receiver.metrics, lambda _: None, time.monotonic, wall_clock)
        handler = BrokerMessageHandler(
            index, receiver.sessions, cleanup, rosters, lambda _: None, site_topics, receiver.metrics
        )
        receiver.sessions.start(handler)
        return receiver

    def received(self) -> int:
        """Return the number of statuses that arrived."""
        found = self.metrics.registry.get_sample_value("edge_broker_messages_total", {"kind": "status"})
        return int(found or 0)

    async def listen(self, until: int, seconds: float) -> "Received":
        """Process messages until so many statuses have arrived since the start."""
        before, cpu, end, changed = self.received(), time.process_time(), time.monotonic() + seconds, 0
        liveness = self.index.site(SITE)
        assert liveness is not None
        while self.received() < until:
            assert time.monotonic() < end, f"{self.received()} of {until} arrived"
            await asyncio.sleep(TICK)
            changed += len(liveness.tick()[0])
        return Received(self.received() - before, time.process_time() - cpu, changed)


@dataclass(frozen=True)
class Received:
    """Messages of one measurement.

    Attributes:
        messages: number of messages.
        cpu: seconds of CPU that they took, ticks included.
        changed: number of devices with another phase.
    """

    messages: int
    cpu: float
    changed: int

    def __str__(self) -> str:
        """Return messages a CPU second."""
        each = 1e6 * self.cpu / self.messages
        return f"{self.messages / self.cpu / 1000:,.1f} k ({each:.0f} µs each); {self.changed} transitions"


def _body(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": SITE[0], "name": name, "uid": f"uid-{name}", "resourceVersion": "1", "generation": 1}
    return {"kind": kind, "metadata": metadata, "spec": spec, "status": {"observedGeneration": 1, "deviceId": name}}


async def measure(broker: Mosquitto, devices: int, rate: float) -> list[Row]:
    """Let every device send a few messages, and measure."""
    gc.collect()
    before = Usage.of(_own_pid()).resident
    receiver = Receiver.of(devices)
    gc.collect()
    a_device = (Usage.of(_own_pid()).resident - before) / devices
    login = component_login(ROOT, OPERATOR)
    address = BrokerAddress.parse(f"mqtt://{HOST}:{broker.layout.components}")
    receiver.sessions.ensure(SITE, Endpoint(address, Login(login.username, login.password)))
    await asyncio.to_thread(eventually, "connected", lambda: receiver.sessions.connected)
    rows = [Row("bytes a device, its object included", f"{a_device:.0f} B", "")]
    sending = await asyncio.create_subprocess_exec(*_command(broker, devices, rate))
    try:
        for number, what in enumerate(("births, each a transition", *["heartbeats"] * (ROUNDS - 1)), 1):
            received = await receiver.listen(number * devices, devices / rate + LATE_SECONDS)
            rows.append(Row(f"{what}, messages a CPU second", str(received), ""))
    finally:
        with contextlib.suppress(ProcessLookupError):
            sending.kill()
        await sending.wait()
    receiver.sessions.close_all()
    await receiver.sessions.wait_closed()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [*rows, Row("peak RSS of the receiving process", f"{peak / KIB:.0f} MiB", "")]


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


def _command(broker: Mosquitto, devices: int, rate: float) -> list[str]:
    username = f"~{LOAD.name}"
    login = ["--port", str(broker.layout.mqtt), "--username", username, "--password", broker.passwords[username]]
    many = ["--devices", str(devices), "--rounds", str(ROUNDS), "--rate", str(rate)]
    return [sys.executable, "-m", "benchmarks.sender", *login, *many]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=100_000 / 30, help="messages a second that are sent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as directory:
        brokers = MosquittoFactory(ensure_mosquitto() / "bin", Path(directory))
        try:
            broker = brokers([], [LOAD], MEMORY)
            rows = asyncio.run(measure(broker, options.devices, options.rate))
        finally:
            brokers.end_all()
    print_table(
        f"{options.devices} devices of one site through one session, {options.rate:.0f} messages a second", rows
    )


if __name__ == "__main__":
    main()
