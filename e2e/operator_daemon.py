"""The operator beside a local cluster: installed, run as its own service account, found again, ended."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster import wait
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.kubectl import kubectl
from e2e.cluster.service_account import service_account_kubeconfig

NAME = "operator"
NAMESPACE = "edge-system"
RBAC = ROOT / "charts/edge-stack/files/operator-rbac.yaml"
READY_SECONDS = 60.0


@dataclass(frozen=True)
class OperatorDaemon:
    """The operator of a checkout, under `<directory>/operator`.

    Attributes:
        directory: where the cluster's state is, such as `.edge`.
    """

    directory: Path

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.directory / "kubeconfig"

    @property
    def log(self) -> Path:
        """The operator's log."""
        return self._keeper.log(NAME)

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl as the administrator and return what it printed.

        Raises:
            HarnessError: it failed.
        """
        return kubectl(self.kubeconfig, self.directory / "home", *arguments)

    def install(self) -> None:
        """Apply the CRDs and the operator's RBAC."""
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        path = self.directory / "operator" / "namespace.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(namespace))
        for files in (ROOT / "crds", path, RBAC):
            self.kubectl("apply", "--server-side", "-f", str(files))

    def start(self) -> None:
        """Start the operator, unless it runs, and return when it is ready.

        Raises:
            HarnessError: it ended, or is not ready in time; the message has the end of its log.
        """
        own = self._write_kubeconfig()
        environment = [f"KUBECONFIG={own}", f"EDGE_OPERATOR_NAMESPACE={NAMESPACE}", "EDGE_PROBE_HOST=127.0.0.1"]
        program = [sys.executable, "-m", "edge_operator"]
        self._keeper.start(NAME, ["/usr/bin/env", *environment, "EDGE_PROBE_PORT=0", *program])
        wait.until(lambda: self._keeper.find(NAME) is None or self._leads(), seconds=READY_SECONDS)
        if self._keeper.find(NAME) is None or not self._leads():
            tail = self._keeper.log_tail(NAME)
            raise HarnessError(f"the operator is not ready; its log {self.log} ends with:\n{tail}")

    def _leads(self) -> bool:
        return self.log.exists() and " leads" in self.log.read_text(errors="replace")

    @property
    def _keeper(self) -> Keeper:
        return Keeper(self.directory / "operator", tied=False)

    def _write_kubeconfig(self) -> Path:
        """Write the kubeconfig of the operator's service account: it runs under its own RBAC, as in a cluster."""
        config = service_account_kubeconfig(self.kubectl, NAMESPACE, "edge-operator")
        path = self.directory / "operator" / "kubeconfig"
        write_atomically(path, config)
        return path
