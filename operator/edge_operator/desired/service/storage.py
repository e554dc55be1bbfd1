"""The Service of the store."""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.service.common import cluster_ip, port


def storage_service(site: SiteInput) -> Manifest:
    """Return the Service of the store."""
    http = port("http", ports.HTTP, "http")
    ingest = port("ingest", ports.INGEST, "ingest")
    return cluster_ip(site, components.STORAGE, child_name(site, components.STORAGE), http, ingest)
