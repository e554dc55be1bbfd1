"""The NetworkPolicy of the processor: its metrics can be read, it reaches the broker, the store and Kafka."""

from edge_operator.desired import components, ports
from edge_operator.desired.connections import kafka_ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.network_policy.common import (
    metrics_readers,
    network_policy,
    tcp,
    to_anywhere,
    to_broker,
    to_dns,
    to_store,
    whole_site,
)


def processor_policy(site: SiteInput) -> Manifest:
    """Return the policy of the processor."""
    ingress = [{"from": [*metrics_readers(), *whole_site(site)], "ports": tcp(ports.HTTP)}]
    egress = [
        to_dns(),
        to_broker(site, ports.MQTT_COMPONENTS),
        to_store(site, ports.INGEST),
        *to_anywhere(kafka_ports(site)),
    ]
    return network_policy(site, components.PROCESSOR, ingress, egress)
