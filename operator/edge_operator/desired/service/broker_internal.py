"""The Service of the managed broker for the site's components and the operator."""

from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.service.common import cluster_ip, port


def broker_internal_service(site: SiteInput) -> Manifest | None:
    """Return the Service; None when the user runs the broker."""
    if components.mqtt(site) is None:
        return None
    inner = port("mqtt-internal", ports.MQTT_COMPONENTS, "mqtt-internal")
    return cluster_ip(site, components.MQTT, child_name(site, "mqtt-internal"), inner)
