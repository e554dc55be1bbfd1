"""A site with a running broker pod: a Mosquitto with what a real agent reads of the operator's Secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from kubernetes import client

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod, make_pod, mount_account
from tests.support.brokered import BrokeredSite
from tests.support.mosquitto import MosquittoFactory
from tests.support.sites import Sites


class SiteWithPod:
    """A site, and the pod of its broker.

    Attributes:
        site: the site with its devices.
        pod: Mosquitto and agent, not started before `start`.
    """

    def __init__(self, site: BrokeredSite, pod: Pod) -> None:
        self.site = site
        self.pod = pod

    def start(self) -> None:
        """Start the pod once the operator has written a login for every device, and await the operator's session."""
        for device_id in self.pod.logins.rotations:
            self.site.devices.apply(device_id, offlineAfter="1m")
            self.site.devices.await_login(device_id)
        self.pod.start()
        self.site.await_broker()


MakeSite = Callable[[str], SiteWithPod]
"""Makes a site with the devices of these ids, separated by blanks."""


@pytest.fixture
def site_with_pod(
    installed: None,
    mosquitto: MosquittoFactory,
    control_plane: ControlPlane,
    kubectl: Kubectl,
    api: client.ApiClient,
    namespace: str,
    tmp_path: Path,
) -> Iterator[MakeSite]:
    """Make sites with their brokers' pods for one test."""
    with _sites_with_pods(mosquitto, control_plane, kubectl, api, namespace, tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def module_site_with_pod(
    installed: None,
    module_mosquitto: MosquittoFactory,
    control_plane: ControlPlane,
    kubectl: Kubectl,
    api: client.ApiClient,
    namespace: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MakeSite]:
    """Make sites with their brokers' pods for the tests of one module."""
    place = tmp_path_factory.mktemp("pods")
    with _sites_with_pods(module_mosquitto, control_plane, kubectl, api, namespace, place) as make:
        yield make


@contextmanager
def _sites_with_pods(
    mosquitto: MosquittoFactory,
    control_plane: ControlPlane,
    kubectl: Kubectl,
    api: client.ApiClient,
    namespace: str,
    directory: Path,
) -> Iterator[MakeSite]:
    """Make sites with their brokers' pods, each in a directory of its own; they end at the end."""
    made: list[SiteWithPod] = []

    def make(devices: str) -> SiteWithPod:
        name, ids = f"s{uuid4().hex[:8]}", devices.split()
        place = directory / name
        place.mkdir()
        logins = SiteLogins(client.CoreV1Api(api), namespace, name, rotations=dict.fromkeys(ids, 0))
        account = mount_account(place, kubectl, control_plane, logins)
        pod = make_pod(place, mosquitto(ids), logins, account, control_plane)
        site = BrokeredSite(Sites.of(api, namespace), name, pod.broker)
        site.apply()
        made.append(SiteWithPod(site, pod))
        return made[-1]

    try:
        yield make
    finally:
        for each in made:
            each.site.close()
            each.pod.agent.kill()
