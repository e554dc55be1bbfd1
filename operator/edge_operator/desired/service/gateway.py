"""The Service of the gateway: the entry of the site, reachable from outside the cluster if the spec sets it."""

from edge_operator.api.gateway import NodePorts
from edge_operator.desired import components, ports
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata, selector
from edge_operator.desired.service.common import port


def gateway_service(site: SiteInput) -> Manifest:
    """Return the Service of the gateway."""
    given = site.spec.gateway.service
    spec: Manifest = {
        "type": given.type,
        "selector": selector(site, components.GATEWAY),
        "ports": _ports(site, given.node_ports or NodePorts()),
    }
    if given.load_balancer_class is not None:
        spec["loadBalancerClass"] = given.load_balancer_class
    name = child_name(site, components.GATEWAY)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(site, components.GATEWAY, name, given.annotations),
        "spec": spec,
    }


def _ports(site: SiteInput, fixed: NodePorts) -> list[Manifest]:
    https = [_with(port("https", ports.SERVICE_HTTPS, "https"), fixed.https)] if site.spec.gateway.tls else []
    return [
        _with(port("http", ports.SERVICE_HTTP, "http"), fixed.http),
        *https,
        _with(port("mqtt", ports.MQTT, "mqtt"), fixed.mqtt),
        _with(port("mqtts", ports.MQTTS, "mqtts"), fixed.mqtts),
    ]


def _with(described: Manifest, node_port: int | None) -> Manifest:
    return described if node_port is None else described | {"nodePort": node_port}
