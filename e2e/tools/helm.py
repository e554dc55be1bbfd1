"""Helm, with nothing of the user's: no plugins, no repositories, no kubeconfig but the one given."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.tools.sources import ensure_tool

CHART = ROOT / "charts" / "edge-stack"
RELEASE = "edge-stack"
NAMESPACE = "edge-system"
SECONDS = 300.0


@dataclass(frozen=True)
class Helm:
    """Runs helm.

    Attributes:
        home: where it keeps its own files.
        kubeconfig: of the cluster; None where none is needed.
    """

    home: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it, whatever its exit status.

        Raises:
            HarnessError: helm cannot be built.
            subprocess.TimeoutExpired: it did not end within five minutes.
        """
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.home),
            "KUBECONFIG": str(self.kubeconfig or os.devnull),
        }
        command = [str(ensure_tool("helm")), *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT
        )

    def __call__(self, *arguments: str) -> str:
        """Run it and return what it printed.

        Raises:
            HarnessError: it failed; in its own words.
        """
        done = self.run(*arguments)
        if done.returncode != 0:
            raise HarnessError(f"helm {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def install(self, *arguments: str) -> str:
        """Install the chart of this checkout, or upgrade what is installed, and return what helm printed.

        Raises:
            HarnessError: it failed; in its own words.
        """
        place = (RELEASE, str(CHART), "--namespace", NAMESPACE, "--create-namespace")
        return self("upgrade", "--install", *place, *arguments)
