"""Common parts of the Services of a site."""

from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import metadata, selector


def port(name: str, number: int, target: str) -> Manifest:
    """Return a TCP port of a Service; `target` is the name of the container's port."""
    return {"name": name, "port": number, "targetPort": target, "protocol": "TCP"}


def cluster_ip(site: SiteInput, component: str, name: str, *service_ports: Manifest) -> Manifest:
    """Return a Service that only the cluster can reach."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(site, component, name),
        "spec": {"type": "ClusterIP", "selector": selector(site, component), "ports": list(service_ports)},
    }
