"""Runs the kubectl of this Python environment as the administrator of one cluster."""

import subprocess
from pathlib import Path

from e2e.cluster.checkout import kubectl_binary
from e2e.cluster.errors import HarnessError

SECONDS = 120.0


def kubectl(kubeconfig: Path, home: Path, *arguments: str, stdin: str | None = None) -> str:
    """Run it; what it printed. `home` is where it keeps its cache.

    Raises:
        HarnessError: it failed, with its own words.
    """
    done = subprocess.run(
        [str(kubectl_binary()), f"--kubeconfig={kubeconfig}", *arguments],
        input=stdin,
        env={"HOME": str(home), "KUBECACHEDIR": str(home / "kubectl-cache")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise HarnessError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
