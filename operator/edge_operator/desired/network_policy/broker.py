"""The NetworkPolicy of the managed broker: open to devices; the components' listener to this site only.

Its agent reads the site's logins from the API server.
"""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.network_policy.common import network_policy, operator, pods, tcp, to_api_server, to_dns


def broker_policy(site: SiteInput) -> Manifest | None:
    """Return the policy of the broker; None when the user runs it."""
    if components.mqtt(site) is None:
        return None
    inner = [*pods(site, components.GATEWAY, components.PROCESSOR, components.STORAGE), *operator(site)]
    ingress = [
        {"ports": tcp(ports.MQTT, ports.MQTTS, ports.MQTT_WEBSOCKETS)},
        {"from": inner, "ports": tcp(ports.MQTT_COMPONENTS)},
    ]
    return network_policy(site, components.MQTT, ingress, [to_dns(), to_api_server()])
