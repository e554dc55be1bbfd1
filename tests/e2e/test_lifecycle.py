"""`python -m e2e.cluster up` and `down` on a directory of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster.build import ensure_binary
from e2e.cluster.checkout import ROOT
from e2e.cluster.controlplane import ALL
from e2e.cluster.processes import Process, marked

pytestmark = pytest.mark.process


def _command(edge: Path, name: str) -> list[str]:
    return [sys.executable, "-m", "e2e.cluster", "--directory", str(edge), name]


def _environment() -> dict[str, str]:
    return {**os.environ, "CLUSTER": "controlplane"}


def _run(edge: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(edge, name), cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False, timeout=900
    )


def _daemon(edge: Path, name: str) -> Process:
    process = Process.read(edge / "cluster" / "run" / f"{name}.pid")
    assert process
    return process


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Path]:
    ensure_binary()
    directory = tmp_path / ".edge"
    yield directory
    down = _run(directory, "down")
    assert down.returncode == 0, down.stderr
    assert marked(directory / "cluster") == []
    assert sorted(path.name for path in directory.iterdir()) in (["bin", "lock"], ["lock"])


def _kubectl(edge: Path, *arguments: str) -> str:
    binary = str(edge / "bin" / "kubectl")
    environment = {"KUBECONFIG": str(edge / "kubeconfig"), "KUBECACHEDIR": str(edge / "cluster" / "cache")}
    command = [binary, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_up_again_is_fine_and_a_killed_daemon_comes_back_with_the_data(edge: Path) -> None:
    first = _run(edge, "up")
    assert first.returncode == 0, first.stderr
    assert "CLUSTER=controlplane: asked for" in first.stdout
    _kubectl(edge, "create", "namespace", "kept")
    pids = [_daemon(edge, name).pid for name in ALL]
    assert "was up already" in _run(edge, "up").stdout
    assert [_daemon(edge, name).pid for name in ALL] == pids
    _daemon(edge, "etcd").signal(signal.SIGKILL)
    assert _run(edge, "status").returncode == 1
    assert "starting it again with its data" in _run(edge, "up").stdout
    assert _kubectl(edge, "get", "namespace", "kept", "-o", "name") == "namespace/kept\n"
    assert _run(edge, "status").returncode == 0


def test_down_after_all_daemons_were_killed_and_down_again(edge: Path) -> None:
    assert _run(edge, "up").returncode == 0
    for name in ALL:
        _daemon(edge, name).signal(signal.SIGKILL)
    down = _run(edge, "down")
    assert "nothing is left running" in down.stdout
    assert not (edge / "cluster").exists()
    assert not (edge / "kubeconfig").exists()


def test_down_finds_daemons_without_a_state_file(edge: Path) -> None:
    assert _run(edge, "up").returncode == 0
    for record in (edge / "cluster" / "run").iterdir():
        record.unlink()
    assert "0 daemons, 4 unrecorded" in _run(edge, "down").stdout


def test_frozen_daemons_are_ended(edge: Path) -> None:
    assert _run(edge, "up").returncode == 0
    for name in ALL:
        _daemon(edge, name).signal(signal.SIGSTOP)
    assert _run(edge, "down").returncode == 0


def test_record_with_a_reused_pid_ends_nobody(edge: Path) -> None:
    run = edge / "cluster" / "run"
    run.mkdir(parents=True)
    me = Process.current()
    (run / "etcd.pid").write_text(f"{me.pid} {int(me.started) - 1} {me.boot}\n")
    (run / "kube-scheduler.pid").write_text(f"{me.pid} {me.started} another-boot\n")
    (run / "kube-apiserver.pid").write_text("half a rec")
    assert "0 daemons, 0 unrecorded" in _run(edge, "down").stdout


@pytest.mark.parametrize("milestone", ["is built", "etcd started", "kube-apiserver ready"])
def test_up_killed_half_way_leaves_nothing_after_down(edge: Path, milestone: str) -> None:
    with subprocess.Popen(_command(edge, "up"), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        next(line for line in up.stdout if milestone in line)
        up.kill()
    down = _run(edge, "down")
    assert down.returncode == 0, down.stderr
    assert marked(edge / "cluster") == []


def test_interrupted_up_ends_what_it_started(edge: Path) -> None:
    with subprocess.Popen(_command(edge, "up"), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        next(line for line in up.stdout if "etcd started" in line)
        up.send_signal(signal.SIGINT)
    assert up.returncode == 130
    assert marked(edge / "cluster") == []
