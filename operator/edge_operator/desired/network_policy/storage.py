"""The NetworkPolicy of the store: for the gateway and the processor; it reaches the broker only.

Only the processor may send frames.
"""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.network_policy.common import (
    metrics_readers,
    network_policy,
    pods,
    tcp,
    to_broker,
    to_dns,
)


def storage_policy(site: SiteInput) -> Manifest:
    """Return the policy of the store."""
    readers = [*pods(site, components.GATEWAY, components.PROCESSOR), *metrics_readers()]
    ingress = [
        {"from": readers, "ports": tcp(ports.HTTP)},
        {"from": pods(site, components.PROCESSOR), "ports": tcp(ports.INGEST)},
    ]
    egress = [to_dns(), to_broker(site, ports.MQTT_COMPONENTS)]
    return network_policy(site, components.STORAGE, ingress, egress)
