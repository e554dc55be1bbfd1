"""The gateway of an EdgeSite's spec."""

from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field

from .components import Replicas, Tls
from .references import Host, Resources
from .schema import ApiModel, rule, rules
from .values import AnnotationMap, Image

Port = Annotated[int, Field(ge=1, le=65535)]


class NodePorts(ApiModel):
    """Fixed ports on the nodes, for a Service of type NodePort or LoadBalancer."""

    http: Port | None = None
    """Node port of HTTP."""

    https: Port | None = None
    """Node port of HTTPS; of use with the gateway's `tls` only."""

    mqtt: Port | None = None
    """Node port of MQTT."""

    mqtts: Port | None = None
    """Node port of MQTT over TLS."""

    coap: Port | None = None
    """Node port of CoAP (UDP)."""


_TCP_PORTS = ("http", "https", "mqtt", "mqtts")
_NODE_PORTS_DIFFER = " && ".join(
    f"(!has(self.{one}) || !has(self.{other}) || self.{one} != self.{other})"
    for one, other in combinations(_TCP_PORTS, 2)
)
NODE_PORTS_RULES = rules(rule(_NODE_PORTS_DIFFER, "http, https, mqtt and mqtts need a port each: two are the same"))


class GatewayService(ApiModel):
    """How the gateway is reached from outside the cluster."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service."""

    annotations: AnnotationMap | None = None
    """Annotations of the Service, such as those that a load balancer reads."""

    load_balancer_class: (
        Annotated[
            str,
            Field(
                max_length=316,
                json_schema_extra=rules(
                    rule(
                        "!format.qualifiedName().validate(self).hasValue()",
                        "must be a class of load balancers, such as example.com/internal",
                    )
                ),
            ),
        ]
        | None
    ) = None
    """Which load balancer serves the Service, with type LoadBalancer; the cluster's default if not given."""

    node_ports: Annotated[NodePorts, Field(json_schema_extra=NODE_PORTS_RULES)] | None = None
    """Fixed node ports; the cluster picks those that are not given."""

    external_address: Host | None = None
    """Host name or IP address that devices outside the cluster dial; goes into the devices' credentials."""


class Coap(ApiModel):
    """CoAP on the gateway."""

    security: Literal["Oscore", "None"] = "Oscore"
    """Oscore takes requests protected by OSCORE (RFC 8613) only. None takes any: for closed networks only."""


SERVICE_RULES = rules(
    rule(
        "!has(self.loadBalancerClass) || self.type == 'LoadBalancer'",
        "goes with type LoadBalancer only",
        fieldPath=".loadBalancerClass",
        reason="FieldValueForbidden",
    ),
    rule(
        "!has(self.nodePorts) || self.type != 'ClusterIP'",
        "go with type NodePort or LoadBalancer only",
        fieldPath=".nodePorts",
        reason="FieldValueForbidden",
    ),
)


class Gateway(ApiModel):
    """The door of the site: HTTP, CoAP and the pass-through of MQTT."""

    replicas: Replicas = 3
    """Number of pods; 0 closes the door."""

    image: Image | None = None
    """Image of the gateway. Default: edge-stack/edge-gateway of the operator's release."""

    resources: Resources | None = None
    """CPU and memory. Default: requests {cpu: 100m, memory: 128Mi}, limits {cpu: 200m, memory: 256Mi}."""

    service: Annotated[GatewayService, Field(json_schema_extra=SERVICE_RULES)] = GatewayService()
    """How the gateway is reached from outside the cluster."""

    coap: Coap = Coap()
    """CoAP on the gateway."""

    tls: Tls | None = None
    """Certificate for HTTPS (8443). Without it the gateway speaks HTTP only."""

    allow_plaintext_credentials: bool = False
    """Whether devices may show their password over HTTP without TLS from outside the cluster."""
