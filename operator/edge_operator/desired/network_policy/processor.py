"""The NetworkPolicy of the processor: its metrics can be read; it reaches the broker, the store and the sinks.

If the cloud may send commands, it also reaches the gateway.
"""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.network_policy.common import (
    metrics_readers,
    network_policy,
    pods,
    tcp,
    to_anywhere,
    to_broker,
    to_dns,
    to_store,
    whole_site,
)
from edge_operator.desired.sinks import commands_enabled, sink_ports


def processor_policy(site: SiteInput) -> Manifest:
    """Return the policy of the processor."""
    ingress = [{"from": [*metrics_readers(), *whole_site(site)], "ports": tcp(ports.HTTP)}]
    gateway = {"to": pods(site, components.GATEWAY), "ports": tcp(ports.HTTP)}
    egress = [
        to_dns(),
        to_broker(site, ports.MQTT_COMPONENTS),
        to_store(site, ports.INGEST),
        *([gateway] if commands_enabled(site) else []),
        *to_anywhere(sink_ports(site)),
    ]
    return network_policy(site, components.PROCESSOR, ingress, egress)
