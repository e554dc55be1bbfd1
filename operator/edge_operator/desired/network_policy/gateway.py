"""The NetworkPolicy of the gateway: open to any source, it reaches the broker and the store."""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.network_policy.common import network_policy, tcp, to_broker, to_dns, to_store


def gateway_policy(site: SiteInput) -> Manifest:
    """Return the policy of the gateway."""
    https = [ports.HTTPS] if site.spec.gateway.tls else []
    ingress = [{"ports": tcp(ports.HTTP, *https, ports.MQTT, ports.MQTTS)}]
    egress = [to_dns(), to_broker(site, ports.MQTT, ports.MQTTS, ports.MQTT_COMPONENTS), to_store(site)]
    return network_policy(site, components.GATEWAY, ingress, egress)
