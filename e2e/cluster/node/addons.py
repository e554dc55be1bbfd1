"""What every node's cluster has from the beginning: the name server and the default StorageClass."""

from pathlib import Path

from e2e.cluster.node.images import BUSYBOX, COREDNS, LOCALPATH
from e2e.cluster.node.network import Network

MANIFESTS = Path(__file__).with_name("addons.yaml")
NAMESPACE = "kube-system"
DEPLOYMENTS = ("coredns", "local-path-provisioner")


def manifests(network: Network) -> str:
    """The objects, as YAML."""
    text = MANIFESTS.read_text()
    values = {"@DNS@": str(network.dns), "@COREDNS@": COREDNS, "@BUSYBOX@": BUSYBOX, "@LOCALPATH@": LOCALPATH}
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text
