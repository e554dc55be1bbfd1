"""The commands of the chart's README, as they stand there and one after another."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from e2e.cluster.checkout import ROOT, kubectl_binary
from e2e.cluster.controlplane import ControlPlane
from e2e.tools.helm import CHART

NOT_HERE = {
    "rollout status": "this control plane has no node, so no pod gets ready",
    "--watch": "it does not end",
}


def commands() -> list[str]:
    """Return every line of the README's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (CHART / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.process
def test_commands(cluster: ControlPlane, tools: dict[str, Path], tmp_path: Path) -> None:
    path = os.pathsep.join([str(tools["helm"].parent), str(kubectl_binary().parent), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(tmp_path), "KUBECONFIG": str(cluster.kubeconfig)}
    run = [command for command in commands() if not any(each in command for each in NOT_HERE)]
    assert len(run) >= 8
    for command in run:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
    left = subprocess.run(
        ["/bin/sh", "-c", "kubectl get crds,clusterroles -o name && kubectl get leases -n edge-system -o name"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert "edge" not in left.stdout
