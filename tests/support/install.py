"""Our CRDs and the operator's RBAC on a control plane, as the repository has them."""

from pathlib import Path

from e2e.cluster.fixture import Kubectl
from tests.support.processes import eventually

ROOT = Path(__file__).parents[2]
RBAC = ROOT / "charts/edge-stack/files/operator-rbac.yaml"
CRDS = ROOT / "crds"


def install_crds(kubectl: Kubectl) -> None:
    """Apply the CRDs and return once they are Established."""
    kubectl("apply", "--server-side", "-f", str(CRDS))
    crds = ("crd/edgesites.edge-stack.io", "crd/edgedevices.edge-stack.io")
    wait = ("wait", "--for=condition=Established", *crds, "--timeout=10s")
    # kubectl wait fails on a CRD that has no conditions yet.
    eventually("CRDs Established", lambda: kubectl(*wait, check=False).returncode == 0)


def install_rbac(kubectl: Kubectl) -> None:
    """Apply the operator's namespace and RBAC."""
    kubectl("create", "namespace", "edge-system", check=False)
    kubectl("apply", "-f", str(RBAC))


def install(kubectl: Kubectl) -> None:
    """Install both."""
    install_crds(kubectl)
    install_rbac(kubectl)
