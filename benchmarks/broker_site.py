"""Sites with their broker's pod as processes: a real Mosquitto, and a real agent that reads the operator's Secrets."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kubernetes import client

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import kubectl_for
from e2e.mosquitto.build import ensure_mosquitto
from edge_operator.identity.logins import COMPONENTS, device_login
from tests.edge_broker_agent.logins import ROOT, SiteLogins
from tests.edge_broker_agent.pod import Pod, make_pod
from tests.support.brokered import BrokeredSite
from tests.support.fleet import Usage
from tests.support.mosquitto import HOST, MosquittoFactory
from tests.support.sites import Sites

DEVICES = {"heartbeatInterval": "30s", "offlineAfter": "5m"}


@dataclass
class BrokerSite:
    """A site and its broker's pod.

    Attributes:
        site: the site with its devices.
        directory: of the pod's files.
        plane: the API server that the agent reads.
        pod: Mosquitto and its agent.
    """

    site: BrokeredSite
    directory: Path
    plane: ControlPlane
    pod: Pod

    @classmethod
    def make(
        cls, sites: Sites, api: client.ApiClient, name: str, plane: ControlPlane, brokers: MosquittoFactory, memory: int
    ) -> Self:
        """Prepare a site's broker; nothing runs yet and the site is not applied.

        Args:
            sites: where the site is to be.
            api: the API server as the administrator.
            name: of the site.
            plane: the control plane.
            brokers: makes the broker.
            memory: bytes that the broker's pod would have.
        """
        broker = brokers(memory_limit=memory)
        directory = broker.directory / "pod"
        directory.mkdir()
        logins = SiteLogins(client.CoreV1Api(api), sites.namespace, name)
        pod = make_pod(directory, broker, logins, directory / "account", plane)
        return cls(BrokeredSite(sites, name, broker), directory, plane, pod)

    @property
    def name(self) -> str:
        """The site's name."""
        return self.site.name

    def start(self) -> None:
        """Start the pod, once the site's logins are there; the agent has the token of the site's own account."""
        self.site.sites.await_reconciled(self.name)
        account = self.directory / "account"
        account.mkdir()
        kubectl = kubectl_for(self.plane)
        namespace = self.site.sites.namespace
        token = kubectl("create", "token", f"{self.name}-mqtt", "-n", namespace, "--duration", "8h").stdout
        (account / "token").write_text(token.strip())
        os.link(self.plane.directory / "pki" / "ca.crt", account / "ca.crt")
        self.pod.start()

    def line(self, device: str) -> str:
        """Return a device as `wire_fleet` reads it; its password is the one that the operator derives."""
        return f"{HOST} {self.site.broker.layout.mqtt} {device} {device_login(ROOT, device, 0).password}"

    def devices(self) -> int:
        """Return the number of devices with a login, from the agent's metrics."""
        return int(self.pod.agent.metric("edge_broker_logins")) - len(COMPONENTS)

    def restart_broker(self, pause: float) -> None:
        """Kill the broker and start it again after so many seconds."""
        self.site.broker.kill()
        time.sleep(pause)
        self.pod.start_broker()

    def broker_usage(self) -> Usage:
        """Return what Mosquitto has used."""
        return Usage.of(self.pod.broker_process.pid)

    def agent_usage(self) -> Usage:
        """Return what the agent has used."""
        return Usage.of(self.pod.agent.pid)


@contextmanager
def broker_sites(
    plane: ControlPlane, api: client.ApiClient, directory: Path, namespace: str, names: Iterable[str], memory: int
) -> Iterator[list[BrokerSite]]:
    """Prepare sites with their brokers, and stop these at the end.

    Args:
        plane: the control plane.
        api: it as the administrator.
        directory: of all files.
        namespace: where the sites are to be.
        names: of the sites.
        memory: bytes that a broker's pod would have.
    """
    brokers = MosquittoFactory(ensure_mosquitto() / "bin", directory / "brokers")
    made: list[BrokerSite] = []
    try:
        sites = Sites.of(api, namespace)
        made.extend(BrokerSite.make(sites, api, name, plane, brokers, memory) for name in names)
        yield made
    finally:
        for each in made:
            each.pod.agent.kill()
        brokers.end_all()


def addresses(sites: Iterable[BrokerSite]) -> str:
    """Return EDGE_BROKER_ADDRESSES for an operator outside the cluster."""
    return ",".join(each.site.address for each in sites)


def start_all(sites: Sequence[BrokerSite]) -> None:
    """Apply the sites, start their brokers' pods and wait until the operator is connected to all."""
    for each in sites:
        each.site.apply(devices=DEVICES)
    for each in sites:
        each.start()
    for each in sites:
        each.site.await_broker(seconds=60)
