"""CLUSTER=kind: a cluster in Docker containers, made and removed by the `kind` program."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied

CONFIG = ROOT / "e2e" / "kind.yaml"
INSTALL = {
    "docker": "install Docker Engine (https://docs.docker.com/engine/install/), or use CLUSTER=controlplane",
    "kind": "go install sigs.k8s.io/kind@v0.33.0",
}
READY_SECONDS = 180
ANSWER_SECONDS = 10.0


def reason_against() -> str | None:
    """Why kind cannot be used here, in words that follow "because"; None if it can."""
    docker = shutil.which("docker")
    if not docker:
        return "there is no `docker`"
    try:
        asked = subprocess.run([docker, "info"], capture_output=True, check=False, timeout=ANSWER_SECONDS)
    except subprocess.TimeoutExpired:
        return f"the Docker engine does not answer within {ANSWER_SECONDS:.0f} s"
    if asked.returncode != 0:
        return "no Docker engine answers"
    return None if shutil.which("kind") else f"there is no `kind` ({INSTALL['kind']})"


@dataclass(frozen=True)
class Kind:
    """One kind cluster; `kubeconfig` is the only kubeconfig that is ever written."""

    name: str
    kubeconfig: Path

    def check(self) -> None:
        """See that everything needed is there.

        Raises:
            HarnessError: docker or kind is missing, or the Docker engine does not answer.
        """
        for program, remedy in INSTALL.items():
            if not shutil.which(program):
                raise HarnessError(f"CLUSTER=kind needs `{program}`, which is not on PATH: {remedy}")
        asked = self._run("docker", "info")
        if asked.returncode != 0:
            raise HarnessError(f"CLUSTER=kind needs a running Docker engine: start it. It says: {asked.stderr.strip()}")

    def exists(self) -> bool:
        """Whether there is a cluster of that name.

        Raises:
            HarnessError: kind does not say.
        """
        return self.name in self._must("kind", "get", "clusters").split()

    def create(self) -> None:
        """Create the cluster and write its kubeconfig; minutes at the first time, for the image's download.

        Raises:
            HarnessError: kind failed.
        """
        settings = ("--config", str(CONFIG), "--wait", f"{READY_SECONDS}s")
        self._must("kind", "create", "cluster", *self._target(), *settings, shown=True)

    def export_kubeconfig(self) -> None:
        """Write the kubeconfig of the existing cluster again.

        Raises:
            HarnessError: kind failed.
        """
        self._must("kind", "export", "kubeconfig", *self._target())

    def load_image(self, archive: Path) -> None:
        """Bring an image into the node from an OCI or Docker archive.

        Raises:
            HarnessError: kind failed.
        """
        self._must("kind", "load", "image-archive", str(archive), "--name", self.name)

    def gateway(self) -> str:
        """Return the IPv4 address of this machine in the network of the node's container.

        Raises:
            HarnessError: Docker does not say.
        """
        said = self._must(
            "docker", "network", "inspect", "kind", "--format", "{{range .IPAM.Config}}{{.Gateway}} {{end}}"
        )
        found = [address for address in said.split() if "." in address]
        if not found:
            raise HarnessError(f"Docker's network `kind` has no IPv4 gateway: {said.strip()}")
        return found[0]

    def run(self, *command: str) -> str:
        """Run a command in the node's container; what it printed.

        Raises:
            HarnessError: it failed.
        """
        return self._must("docker", "exec", f"{self.name}-control-plane", *command)

    def delete(self) -> None:
        """Delete the cluster; fine when there is none.

        Raises:
            HarnessError: kind failed.
        """
        self._must("kind", "delete", "cluster", *self._target())

    def _target(self) -> tuple[str, ...]:
        return "--name", self.name, "--kubeconfig", str(self.kubeconfig)

    def _must(self, *command: str, shown: bool = False) -> str:
        done = self._run(*command, shown=shown)
        if done.returncode != 0:
            why = "it said why above" if shown else done.stderr.strip()
            raise HarnessError(f"`{' '.join(command)}` failed: {why}")
        return done.stdout

    def _run(self, *command: str, shown: bool = False) -> subprocess.CompletedProcess[str]:
        # The user's own kubeconfig and its current context are never the default of anything run here.
        environment = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        # Tied to this process: a killed `up` must not go on creating what `down` has deleted.
        return subprocess.run(
            tied([str(shutil.which(command[0])), *command[1:]]),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=None if shown else subprocess.PIPE,
            text=True,
            check=False,
            timeout=900,
        )
