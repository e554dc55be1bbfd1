"""`python -m e2e.cluster up` and `down` with a node: nothing is left, whatever was killed when."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from e2e.cluster.checkout import ROOT
from e2e.cluster.controlplane import ALL
from e2e.cluster.keeper import Keeper
from e2e.cluster.node import kernel
from e2e.cluster.node.layout import Layout
from e2e.cluster.node.link import Link
from e2e.cluster.node.name import node_name
from e2e.cluster.processes import Process, end, marked
from tests.e2e.node.left_on_machine import left_on_machine, namespaces_of

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("node_programs")]

POD = (
    '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sleeper"}, "spec": {"containers": [{"name": "sleeper", \
"image": "node.invalid/busybox:1", "command": ["sleep", "1000"], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}], \
"volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]}}'
)


def _command(edge: Path, name: str) -> list[str]:
    return [sys.executable, "-m", "e2e.cluster", "--directory", str(edge), name]


def _run(edge: Path, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLUSTER": "node", **variables}
    return subprocess.run(
        _command(edge, name), cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=900
    )


def _up(edge: Path) -> str:
    up = _run(edge, "up")
    assert up.returncode == 0, up.stderr
    return up.stdout


def _down(edge: Path) -> str:
    down = _run(edge, "down")
    assert down.returncode == 0, down.stderr
    return down.stdout


def _kubectl(edge: Path, *arguments: str, stdin: str | None = None) -> str:
    command = [str(edge / "bin" / "kubectl"), f"--kubeconfig={edge / 'kubeconfig'}", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True, timeout=900).stdout


def _run_a_pod(edge: Path) -> None:
    _kubectl(edge, "apply", "-f", "-", stdin=POD)
    _kubectl(edge, "wait", "--for=condition=Ready", "pod/sleeper", "--timeout=60s")


def _init(edge: Path) -> Process:
    init = kernel.find(Keeper(edge / "cluster", tied=False))
    assert init
    return init


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Path]:
    directory = tmp_path / ".edge"
    yield directory
    _down(directory)
    assert left_on_machine(directory / "cluster") == {}
    assert sorted(path.name for path in directory.iterdir()) in (["bin", "lock"], ["lock"])


def test_up_again_is_fine_and_a_killed_node_comes_back_with_its_data(edge: Path) -> None:
    assert "CLUSTER=node: asked for; a real node" in _up(edge)
    _run_a_pod(edge)
    assert "was up already" in _up(edge)
    end([_init(edge)], grace=0)
    assert _run(edge, "status").returncode == 1
    assert "starting it again with its data" in _up(edge)
    assert _run(edge, "status").returncode == 0
    _kubectl(edge, "wait", "--for=condition=Ready", "pod/sleeper", "--timeout=60s")
    refused = _run(edge, "up", CLUSTER="controlplane")
    assert (refused.returncode, refused.stderr) == (1, "error: CLUSTER=node is up here: `make down` first\n")
    assert "it was brought up here before" in _run(edge, "up", CLUSTER="").stdout


def test_nothing_is_left_after_kill_9_of_everything_and_down(edge: Path) -> None:
    _up(edge)
    _run_a_pod(edge)
    cluster = edge / "cluster"
    namespaces = namespaces_of(_init(edge).pid)
    assert len(namespaces) == 5
    there = left_on_machine(cluster, namespaces)
    assert {"interfaces", "routes", "cgroups", "processes", "namespaces"} <= set(there)
    for process in marked(cluster):
        process.signal(signal.SIGKILL)
    assert "nothing is left running" in _down(edge)
    assert left_on_machine(cluster, namespaces) == {}
    assert not cluster.exists()
    assert not (edge / "kubeconfig").exists()
    assert "nothing is left running" in _down(edge)


def test_down_finds_all_of_it_when_its_records_were_deleted(edge: Path) -> None:
    _up(edge)
    namespaces = namespaces_of(_init(edge).pid)
    for record in (edge / "cluster" / "run").iterdir():
        record.unlink()
    _down(edge)
    assert left_on_machine(edge / "cluster", namespaces) == {}


@pytest.mark.parametrize(
    "milestone", ["has its namespaces", "etcd started", "kube-apiserver ready", "controller-manager", "node is Ready"]
)
def test_up_killed_half_way_leaves_nothing_after_down(edge: Path, milestone: str) -> None:
    environment = {**os.environ, "CLUSTER": "node"}
    with subprocess.Popen(_command(edge, "up"), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        next(line for line in up.stdout if milestone in line)
        up.kill()
    _down(edge)
    assert left_on_machine(edge / "cluster") == {}


def test_interrupted_up_ends_what_it_started(edge: Path) -> None:
    environment = {**os.environ, "CLUSTER": "node"}
    with subprocess.Popen(_command(edge, "up"), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        next(line for line in up.stdout if "etcd started" in line)
        up.send_signal(signal.SIGINT)
    assert up.returncode == 130
    assert left_on_machine(edge / "cluster") == {}


@pytest.fixture
def below_var() -> Iterator[Path]:
    """A checkout below /var, as CI systems have it: the node has a /var of its own in front of it."""
    with TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory)


def test_two_checkouts_have_nodes_side_by_side(edge: Path, below_var: Path) -> None:
    other = below_var / ".edge"
    try:
        _up(edge)
        _up(other)
        links = [Link(node_name(one / "cluster"), Layout(one / "cluster").network) for one in (edge, other)]
        blocks = [link.read() for link in links]
        assert None not in blocks
        assert blocks[0] != blocks[1]
        assert _kubectl(edge, "get", "nodes", "-o", "name") != _kubectl(other, "get", "nodes", "-o", "name")
    finally:
        _down(other)
    assert left_on_machine(other / "cluster") == {}
    assert _kubectl(edge, "get", "--raw", "/readyz") == "ok"


def test_record_with_a_reused_pid_ends_nobody(edge: Path) -> None:
    run = edge / "cluster" / "run"
    run.mkdir(parents=True)
    me = Process.current()
    for name in (*ALL, kernel.NODE):
        (run / f"{name}.pid").write_text(f"{me.pid} {int(me.started) - 1} {me.boot}\n")
    assert "control plane ended (0 daemons, 0 unrecorded)" in _down(edge)
