"""A site whose broker's pod really runs: a Mosquitto that serves what a real agent reads of the operator's Secrets."""

from collections.abc import Callable, Iterator
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
    """Make one site with its broker's pod."""
    made: list[SiteWithPod] = []

    def make(devices: str) -> SiteWithPod:
        name, ids = f"s{uuid4().hex[:8]}", devices.split()
        logins = SiteLogins(client.CoreV1Api(api), namespace, name, rotations=dict.fromkeys(ids, 0))
        account = mount_account(tmp_path, kubectl, control_plane, logins)
        pod = make_pod(tmp_path, mosquitto(ids), logins, account, control_plane)
        site = BrokeredSite(Sites.of(api, namespace), name, pod.broker)
        site.apply()
        made.append(SiteWithPod(site, pod))
        return made[-1]

    yield make
    for each in made:
        each.site.close()
        each.pod.agent.kill()
