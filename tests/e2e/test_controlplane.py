"""A control plane: started, stopped, started again, beside another, and ended with its owner."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.cluster import wait
from e2e.cluster.build import ensure_binary
from e2e.cluster.checkout import ROOT
from e2e.cluster.controlplane import ALL, ControlPlane, Options, launch
from e2e.cluster.daemons import Ports
from e2e.cluster.errors import HarnessError, PortTakenError
from e2e.cluster.fixture import kubectl_for
from e2e.cluster.ports import free_ports
from e2e.cluster.processes import marked
from e2e.cluster.scratch import remove_dead

pytestmark = pytest.mark.process

OWNER = """
import sys
from pathlib import Path
from e2e.cluster.build import ensure_binary
from e2e.cluster.controlplane import launch
from e2e.cluster.scratch import scratch_directory
with scratch_directory(Path(sys.argv[1])) as directory:
    plane = launch(directory, ensure_binary())
    print(directory, flush=True)
    sys.stdin.read()
"""


def test_second_instance_stops_and_starts_beside_the_first(control_plane: ControlPlane, tmp_path: Path) -> None:
    plane = launch(tmp_path / "second", ensure_binary(), Options(apiserver_args=("--min-request-timeout=1",)))
    try:
        assert plane.server != control_plane.server
        kubectl_for(plane)("create", "namespace", "only-here")
        assert kubectl_for(control_plane)("get", "namespace", "only-here", check=False).returncode == 1
        # The request gives up after 5 s; the watch is ended by the server after 1 to 2 s.
        assert plane.requester.status("/api/v1/namespaces?watch=1") == 200
        plane.stop()
        assert plane.running() == ()
        plane.start()
        assert plane.running() == ALL
        assert kubectl_for(plane)("get", "namespace", "only-here").returncode == 0
    finally:
        plane.stop()
        plane.stop()
    assert marked(plane.directory) == []
    assert control_plane.ready()


def test_secrets_are_for_the_owner_only(control_plane: ControlPlane) -> None:
    private = [control_plane.kubeconfig, *control_plane.directory.glob("pki/*.key")]
    assert len(private) > 5
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    assert control_plane.directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("daemon", ["etcd", "apiserver"])
def test_taken_port_is_reported_and_nothing_stays(control_plane: ControlPlane, tmp_path: Path, daemon: str) -> None:
    free = dict(zip(("etcd", "apiserver"), free_ports(2), strict=True))
    taken = Ports(**(free | {daemon: getattr(control_plane.ports, daemon)}))
    plane = ControlPlane(tmp_path / "plane", ensure_binary(), taken)
    with pytest.raises(PortTakenError, match=f"another program has .*{daemon}'s port"):
        plane.start()
    assert marked(plane.directory) == []


def test_taken_port_is_replaced(control_plane: ControlPlane, tmp_path: Path) -> None:
    taken = Ports(etcd=control_plane.ports.etcd, apiserver=control_plane.ports.apiserver)
    said: list[str] = []
    plane = launch(tmp_path / "plane", ensure_binary(), say=said.append, ports=taken)
    try:
        assert plane.ready()
        assert said[1].endswith("trying others")
    finally:
        plane.stop()


def test_daemon_that_ends_is_named_with_its_last_words(tmp_path: Path) -> None:
    options = Options(apiserver_args=("--no-such-flag",))
    with pytest.raises(HarnessError, match=r"kube-apiserver ended(.|\n)*unknown flag: --no-such-flag"):
        launch(tmp_path / "plane", ensure_binary(), options)
    assert marked(tmp_path / "plane") == []


def test_killed_owner_takes_its_daemons_along(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout
        directory = Path(owner.stdout.readline().strip())
        assert len(marked(directory)) == len(ALL)
        remove_dead(tmp_path)
        assert directory.exists()
        os.kill(owner.pid, signal.SIGKILL)
    assert wait.until(lambda: marked(directory) == [], seconds=5)
    remove_dead(tmp_path)
    assert list(tmp_path.iterdir()) == []
