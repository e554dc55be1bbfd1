"""Who the node's programs are: certificates of the cluster's authority, and kubeconfigs."""

from e2e.cluster import kubeconfig, pki
from e2e.cluster.node.layout import Layout


def ensure(layout: Layout, server: str, name: str, address: str) -> None:
    """Issue what is not there yet and write the kubeconfigs."""
    authority = pki.Authority.read(layout.directory / "pki", "ca")
    node = f"system:node:{name}"
    if not layout.pki("kubelet-serving.crt").exists():
        authority.issue("edge-netpol").write(layout.directory / "pki", "netpol")
        authority.issue("system:kube-proxy").write(layout.directory / "pki", "proxy")
        authority.issue(node, ("system:nodes",)).write(layout.directory / "pki", "kubelet")
        authority.issue(node, ("system:nodes",), names=(name, address)).write(
            layout.directory / "pki", "kubelet-serving"
        )
    for user in ("kubelet", "proxy"):
        client = pki.Pair.read(layout.directory / "pki", user)
        kubeconfig.write(layout.kubeconfig(user), server=server, pki=layout.directory / "pki", client=client, user=user)
