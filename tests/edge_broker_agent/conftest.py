"""A broker's pod for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kubernetes import client

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod, make_pod, mount_account
from tests.support.mosquitto import MosquittoFactory

MakePod = Callable[..., Pod]


@pytest.fixture
def logins(api: client.ApiClient, namespace: str) -> SiteLogins:
    """The Secrets of a site of this test, not written yet."""
    return SiteLogins(client.CoreV1Api(api), namespace, f"s{uuid4().hex[:8]}")


@pytest.fixture
def make(
    tmp_path: Path, mosquitto: MosquittoFactory, control_plane: ControlPlane, kubectl: Kubectl, logins: SiteLogins
) -> Iterator[MakePod]:
    """Make the pod, with further settings of the agent; nothing of it has been started."""
    made: list[Pod] = []

    def make_with(**settings: str) -> Pod:
        account = mount_account(tmp_path, kubectl, control_plane, logins)
        made.append(make_pod(tmp_path, mosquitto(), logins, account, control_plane, **settings))
        return made[-1]

    yield make_with
    for pod in made:
        pod.agent.kill()


@pytest.fixture
def pod(make: MakePod, logins: SiteLogins) -> Pod:
    """The pod of a site with ten devices, which runs."""
    logins.rotations.update({f"d{number}": 0 for number in range(10)})
    logins.write()
    made = make()
    made.start()
    return made
