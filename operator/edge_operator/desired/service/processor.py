"""The Service of the processor: its metrics."""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.service.common import cluster_ip, port


def processor_service(site: SiteInput) -> Manifest:
    """Return the Service of the processor."""
    metrics = port("metrics", ports.HTTP, "http")
    return cluster_ip(site, components.PROCESSOR, child_name(site, components.PROCESSOR), metrics)
