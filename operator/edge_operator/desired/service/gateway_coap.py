"""The Service for CoAP inside the cluster: block-wise transfers need one gateway for one client.

Always a ClusterIP: a second load balancer for one port would cost, and affinity cannot be had for UDP alone on the
gateway's main Service.
"""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.service.common import cluster_ip, port


def gateway_coap_service(site: SiteInput) -> Manifest:
    """Return the Service with client affinity."""
    coap = port("coap", ports.COAP, "coap", "UDP")
    service = cluster_ip(site, components.GATEWAY, child_name(site, "gateway-coap"), coap)
    service["spec"]["sessionAffinity"] = "ClientIP"
    return service
