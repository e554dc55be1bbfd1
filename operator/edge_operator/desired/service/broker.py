"""The Service of the managed broker for devices and other clients."""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.service.common import cluster_ip, port


def broker_service(site: SiteInput) -> Manifest | None:
    """Return the Service; None when the user runs the broker."""
    if components.mqtt(site) is None:
        return None
    return cluster_ip(
        site,
        components.MQTT,
        child_name(site, components.MQTT),
        port("mqtt", ports.MQTT, "mqtt"),
        port("ws", ports.MQTT_WEBSOCKETS, "ws"),
        port("mqtts", ports.MQTTS, "mqtts"),
    )
