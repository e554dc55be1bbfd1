"""Talks to the node's containerd, and runs commands in the node, from this machine."""

import subprocess
from pathlib import Path

from e2e.cluster import wait
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import Keeper
from e2e.cluster.node import kernel
from e2e.cluster.packages import SYSTEM_PATH
from e2e.cluster.processes import Process

ANSWER_SECONDS = 60.0
CALL_SECONDS = 5.0
IMPORT_SECONDS = 300.0
RUN_SECONDS = 120.0
# The kubelet's namespace of images and containers.
KUBERNETES = ("--namespace", "k8s.io")


def _ctr(programs: Path, init: Process, *arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
    command = [str(programs / "ctr"), f"--address={kernel.socket(init)}", *arguments]
    return subprocess.run(
        command, env={"PATH": SYSTEM_PATH}, capture_output=True, text=True, timeout=seconds, check=False
    )


def await_answer(programs: Path, init: Process, keeper: Keeper) -> None:
    """Return when containerd answers.

    Raises:
        HarnessError: it does not in time, or the node has ended.
    """

    def answers() -> bool:
        if not kernel.socket(init).exists():
            return False
        try:
            return _ctr(programs, init, "version", seconds=CALL_SECONDS).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    if not wait.until(lambda: not init.alive or answers(), seconds=ANSWER_SECONDS) or not init.alive:
        said = keeper.log_tail(kernel.NODE) + "\n" + keeper.log_tail("containerd")
        raise HarnessError(f"containerd does not answer; {keeper.log('containerd')} ends with:\n{said}")


def load(programs: Path, init: Process, archive: Path) -> None:
    """Import an image archive.

    Raises:
        HarnessError: containerd refuses it.
    """
    done = _ctr(programs, init, *KUBERNETES, "images", "import", "--local", str(archive), seconds=IMPORT_SECONDS)
    if done.returncode != 0:
        raise HarnessError(f"the node does not take the image {archive}: {done.stderr.strip()}")


def process_of(programs: Path, init: Process, container: str) -> str:
    """The pid, inside the node, of a container's first process.

    Args:
        programs: where `ctr` is.
        init: PID 1 of the node.
        container: its id, as in a pod's status.

    Raises:
        HarnessError: it does not run.
    """
    identity = container.removeprefix("containerd://")
    listed = _ctr(programs, init, *KUBERNETES, "tasks", "list", seconds=RUN_SECONDS).stdout
    for line in listed.splitlines():
        name, pid, *_ = line.split()
        if name == identity:
            return pid
    raise HarnessError(f"no container {container} runs in the node")


def run(init: Process, *command: str) -> str:
    """Run a command in all of the node's namespaces; what it printed.

    Raises:
        HarnessError: it failed.
    """
    inside = ["nsenter", f"--target={init.pid}", "--net", "--mount", "--uts", "--ipc", "--pid", "--", *command]
    done = subprocess.run(
        inside, env={"PATH": SYSTEM_PATH}, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
    )
    if done.returncode != 0:
        raise HarnessError(f"`{' '.join(command)}` failed in the node: {done.stderr.strip()}")
    return done.stdout
