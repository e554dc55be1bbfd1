"""Devices of many sites, in two processes, under one operator: the fleet of the benchmarks of devices."""

import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kubernetes import client, config

from benchmarks.broker_site import BrokerSite, addresses, broker_sites, start_all
from benchmarks.device_watch import DeviceWatch
from benchmarks.fleet_process import FleetProcess
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.daemons import APISERVER
from tests.support.fleet import APPLIERS, Usage
from tests.support.mosquitto import MEMORY_LIMIT
from tests.support.processes import OperatorFactory, OperatorProcess, eventually

MIB = 1 << 20


@dataclass
class DeviceFleet:
    """The fleet.

    Attributes:
        plane: the control plane.
        make: makes operators.
        sites: the sites with their brokers.
        site_of: the site of each device, by the device's name.
        halves: the processes of the devices; each has one half of every site's devices.
        watch: the phases that the API server reports.
        operator: the running operator.
    """

    plane: ControlPlane
    make: OperatorFactory
    sites: list[BrokerSite]
    site_of: dict[str, BrokerSite]
    halves: tuple[FleetProcess, FleetProcess]
    watch: DeviceWatch
    operator: OperatorProcess
    _cpu: dict[str, float] = field(default_factory=dict)

    def half(self, number: int) -> list[str]:
        """Return the names of one half of the devices."""
        return list(self.site_of)[number::2]

    def apply(self) -> None:
        """Apply all devices, a few at a time."""
        with ThreadPoolExecutor(APPLIERS) as pool:
            list(pool.map(lambda name: self.site_of[name].site.devices.apply(name), self.site_of))

    def connect_when_ready(self, rate: float, but: Collection[str] = ()) -> None:
        """Let each device connect as soon as its credentials are reported as ready.

        Args:
            rate: connections a second of each half.
            but: devices that the caller connects.
        """
        turn, place = threading.Lock(), {name: number % 2 for number, name in enumerate(self.site_of)}
        for half in self.halves:
            half.start(rate)

        def ready(name: str) -> None:
            if name in but:
                return
            with turn:
                self.halves[place[name]].add(self.site_of[name].line(name))

        self.watch.on_ready = ready

    def new_operator(self, **settings: str) -> None:
        """Start an operator process; returns at once."""
        self.operator = self.make(EDGE_BROKER_ADDRESSES=addresses(self.sites), **settings).start()

    def expected_phases(self) -> dict[str, str]:
        """Return the expected phase of each device: Online if it runs, otherwise Offline."""
        return {name: "Online" if name in self.watch.running else "Offline" for name in self.site_of}

    def reset_peak(self) -> None:
        """Reset the operator's peak of memory (proc(5), clear_refs)."""
        Path(f"/proc/{self.operator.pid}/clear_refs").write_text("5")

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds since the last call: of the operator, the API server, the brokers, the devices."""
        apiserver = self.plane.keeper.find(APISERVER)
        assert apiserver is not None
        now = {
            "operator": Usage.of(self.operator.pid).cpu,
            "API server": Usage.of(apiserver.pid).cpu,
            "brokers": sum(each.broker_usage().cpu for each in self.sites),
            "agents": sum(each.agent_usage().cpu for each in self.sites),
            "devices": sum(half.usage().cpu for half in self.halves if half.runs),
        }
        before, self._cpu = self._cpu, now
        # A process that was started since has used all of it since then.
        return {
            name: value - before.get(name, 0.0) if value >= before.get(name, 0.0) else value
            for name, value in now.items()
        }

    def await_brokers(self) -> None:
        """Wait until the operator is connected to every broker."""
        count = len(self.sites)
        eventually("connected", lambda: self.operator.metric("edge_broker_sessions_connected") == count, 60)


@contextmanager
def device_fleet(
    plane: ControlPlane, directory: Path, namespace: str, make: OperatorFactory, sites: int, each: int, **settings: str
) -> Iterator[DeviceFleet]:
    """Start sites with their brokers, and an operator that is connected to all; no device is applied yet.

    Args:
        plane: the control plane.
        directory: of all files.
        namespace: where the sites are to be.
        make: makes operators.
        sites: number of sites.
        each: number of devices of a site.
        settings: environment variables of the first operator.
    """
    api: client.ApiClient = config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]
    watching: client.ApiClient = config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]
    names = [f"site-{number:02}" for number in range(sites)]
    with broker_sites(plane, api, directory, namespace, names, MEMORY_LIMIT) as made:
        home = {f"{site.name}-device-{number:03}": site for number in range(each) for site in made}
        halves = FleetProcess("half-0", directory), FleetProcess("half-1", directory)
        operator = make(EDGE_BROKER_ADDRESSES=addresses(made), **settings).start().await_leading()
        watch = DeviceWatch(watching, namespace)
        fleet = DeviceFleet(plane, make, made, home, halves, watch, operator)
        try:
            start_all(made)
            watch.start()
            yield fleet
        finally:
            for half in halves:
                half.kill()
