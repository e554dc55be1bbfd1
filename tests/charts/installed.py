"""A cluster that the chart is installed on."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from e2e.cluster.fixture import Kubectl
from e2e.tools.helm import NAMESPACE, RELEASE, Helm
from tests.support.processes import eventually

KINDS = "deployments,services,networkpolicies,poddisruptionbudgets,roles,rolebindings,serviceaccounts"
SITE: dict[str, Any] = {
    "apiVersion": "edge-stack.io/v1alpha1",
    "kind": "EdgeSite",
    "metadata": {"name": "north", "namespace": "default"},
    "spec": {},
}
HELD = {"holderIdentity": "pod-a", "leaseDurationSeconds": 8, "leaseTransitions": 3}


@dataclass(frozen=True)
class Cluster:
    """The module's cluster.

    Attributes:
        helm: runs helm.
        kubectl: runs kubectl.
    """

    helm: Helm
    kubectl: Kubectl

    def get(self, *what: str) -> dict[str, Any]:
        """Return an object or a list."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *what, "-o", "json").stdout)
        return found

    def lease(self) -> dict[str, Any]:
        """Return the Lease's spec."""
        spec: dict[str, Any] = self.get("lease", "edge-operator", "-n", NAMESPACE).get("spec", {})
        return spec

    def uninstall(self) -> str:
        """Uninstall the release if it is there; what helm said."""
        return self.helm("uninstall", RELEASE, "-n", NAMESPACE, "--ignore-not-found")

    def _can_list(self, kind: str) -> bool:
        return self.kubectl("get", kind, "-A", check=False).returncode == 0

    def clear(self) -> None:
        """Take away what the chart brought and what it leaves behind; its namespace stays, without its labels."""
        self.uninstall()
        # An API server that has not made the storage of a kind ready ("storage is (re)initializing") does not finish
        # the deletion of its CRD, and tries again after five minutes.
        crds = self.kubectl("get", "crds", "-o", "jsonpath={.items[*].metadata.name}").stdout.split()
        for crd in crds:
            eventually(f"{crd} can be listed", partial(self._can_list, crd))
        self.kubectl("delete", "crds", "--all")
        self.kubectl("delete", "lease", "edge-operator", "-n", NAMESPACE, "--ignore-not-found")
        self.kubectl("label", "ns", NAMESPACE, "pod-security.kubernetes.io/enforce-", check=False)


def hold(cluster: Cluster) -> None:
    """Take the lease as an operator does: with PUT, and so under the name of another manager than Helm's."""
    lease = cluster.get("lease", "edge-operator", "-n", NAMESPACE)
    cluster.kubectl("replace", "-f", "-", stdin=json.dumps(lease | {"spec": HELD}))
    assert cluster.lease() == HELD
