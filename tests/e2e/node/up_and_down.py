"""`python -m e2e.cluster up` and `down` with a node, on a directory of a test's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.cluster.keeper import Keeper
from e2e.cluster.node import kernel
from e2e.cluster.processes import Process
from tests.e2e.node.left_on_machine import left_on_machine

SECONDS = 240.0
"""Many times what a command takes: several nodes may be coming up beside it."""

POD = (
    '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sleeper"}, "spec": {"containers": [{"name": "sleeper", \
"image": "node.invalid/busybox:1", "command": ["sleep", "1000"], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}], \
"volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]}}'
)


@dataclass(frozen=True)
class UpAndDown:
    """The command on one directory.

    Attributes:
        edge: the directory.
    """

    edge: Path

    @property
    def cluster(self) -> Path:
        return self.edge / "cluster"

    def run(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(name),
            cwd=ROOT,
            env=_environment(**variables),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def up(self) -> str:
        up = self.run("up")
        assert up.returncode == 0, up.stderr
        return up.stdout

    def down(self) -> str:
        down = self.run("down")
        assert down.returncode == 0, down.stderr
        return down.stdout

    @contextmanager
    def going_up(self, milestone: str) -> Iterator["subprocess.Popen[str]"]:
        """`up` that has just said the milestone."""
        command = self._command("up")
        with subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True) as up:
            assert up.stdout
            said = []
            for line in up.stdout:
                said.append(line)
                if milestone in line:
                    break
            else:
                raise AssertionError(f"`up` ended without {milestone!r}: {''.join(said)}")
            yield up

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        command = [str(self.edge / "bin" / "kubectl"), f"--kubeconfig={self.edge / 'kubeconfig'}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run_a_pod(self) -> None:
        self.kubectl("apply", "-f", "-", stdin=POD)
        self.await_pod()

    def await_pod(self) -> None:
        self.kubectl("wait", "--for=condition=Ready", "pod/sleeper", "--timeout=120s")

    def init(self) -> Process:
        """PID 1 of the node."""
        init = kernel.find(Keeper(self.cluster, tied=False))
        assert init
        return init

    def end(self) -> None:
        """Bring it down, and see that nothing is left."""
        self.down()
        assert left_on_machine(self.cluster) == {}
        assert sorted(path.name for path in self.edge.iterdir()) in (["bin", "lock"], ["lock"])

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "-m", "e2e.cluster", "--directory", str(self.edge), name]


def _environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "CLUSTER": "node", **variables}
