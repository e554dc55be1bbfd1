"""The gateway of an EdgeSite's spec."""

from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field

from .components import Replicas, Tls
from .references import Host, Resources
from .schema import ApiModel, list_map, rule, rules
from .values import AnnotationMap, Image, secret_suffix

Port = Annotated[int, Field(ge=1, le=65535)]


class NodePorts(ApiModel):
    """Fixed node ports for a Service of type NodePort or LoadBalancer."""

    http: Port | None = None
    """Node port for HTTP."""

    https: Port | None = None
    """Node port for HTTPS. Only used if gateway.tls is set."""

    mqtt: Port | None = None
    """Node port for MQTT."""

    mqtts: Port | None = None
    """Node port for MQTT over TLS."""

    coap: Port | None = None
    """Node port for CoAP (UDP). Not used yet."""


_TCP_PORTS = ("http", "https", "mqtt", "mqtts")
_NODE_PORTS_DIFFER = " && ".join(
    f"(!has(self.{one}) || !has(self.{other}) || self.{one} != self.{other})"
    for one, other in combinations(_TCP_PORTS, 2)
)
NODE_PORTS_RULES = rules(rule(_NODE_PORTS_DIFFER, "http, https, mqtt and mqtts must have different node ports"))


class GatewayService(ApiModel):
    """Service of the gateway."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the Service: ClusterIP, NodePort or LoadBalancer."""

    annotations: AnnotationMap | None = None
    """Annotations of the Service, for example for a load balancer controller."""

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
    """Load balancer class of the Service. Only valid with type LoadBalancer. If unset, the cluster's default is
    used."""

    node_ports: Annotated[NodePorts, Field(json_schema_extra=NODE_PORTS_RULES)] | None = None
    """Fixed node ports. Kubernetes allocates each port that is unset."""

    external_address: Host | None = None
    """Host name or IP address at which devices outside the cluster reach the gateway. Written to the devices'
    credential Secrets."""


class Coap(ApiModel):
    """CoAP server of the gateway. Not used yet."""

    security: Literal["Oscore", "None"] = "Oscore"
    """Oscore: accept only requests protected by OSCORE (RFC 8613). None: accept any request; only for closed networks.
    Not used yet."""


RESERVED_TOKENS = ("api-token", "api-tokens", "cloud-token", "root")
"""Names of Secrets of a site: a token cannot have such a name."""


class ApiToken(ApiModel):
    """Token for the gateway's HTTP interface."""

    name: Annotated[
        str,
        secret_suffix(*RESERVED_TOKENS),
    ]
    """Name of the token, in the gateway's log. The token is in the Secret <site>-token-<name>, key token."""

    role: Literal["Read", "Operate", "Admin"] = "Read"
    """Read: GET requests. Operate: also send commands and readings, and send dead letters again. Admin: also delete
    dead letters."""

    rotation: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Number of the token. Raise it to replace the token: the gateway rejects the previous one within 5 s, and accepts
    the new one within about 90 s."""


SERVICE_RULES = rules(
    rule(
        "!has(self.loadBalancerClass) || self.type == 'LoadBalancer'",
        "is valid only with type LoadBalancer",
        fieldPath=".loadBalancerClass",
        reason="FieldValueForbidden",
    ),
    rule(
        "!has(self.nodePorts) || self.type != 'ClusterIP'",
        "are valid only with type NodePort or LoadBalancer",
        fieldPath=".nodePorts",
        reason="FieldValueForbidden",
    ),
)


class Gateway(ApiModel):
    """Gateway of the site: HTTP, and MQTT pass-through to the broker."""

    replicas: Replicas = 3
    """Number of gateway pods. 0 disables the gateway."""

    image: Image | None = None
    """Container image. Default: edge-stack/edge-gateway with the tag of the operator's release."""

    resources: Resources | None = None
    """CPU and memory of the container. Default: requests {cpu: 100m, memory: 128Mi}, limits {cpu: 200m, memory:
    256Mi}. Each quantity that is not set keeps its default."""

    service: Annotated[GatewayService, Field(json_schema_extra=SERVICE_RULES)] = GatewayService()
    """Service of the gateway."""

    coap: Coap = Coap()
    """CoAP server of the gateway. Not used yet."""

    tls: Tls | None = None
    """Certificate for HTTPS on port 8443. If unset, the gateway serves HTTP only."""

    api_tokens: Annotated[list[ApiToken] | None, Field(max_length=32, json_schema_extra=list_map("name"))] = None
    """Tokens for the HTTP interface, at most 32, besides the one in the Secret <site>-api-token. A removed token is
    rejected within 5 s."""

    api_token_rotation: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Number of the token in the Secret <site>-api-token, which has the role Operate. Raise it to replace the token, as
    in apiTokens."""

    allow_plaintext_credentials: bool = False
    """Whether the gateway accepts device passwords over HTTP without TLS from outside the cluster."""
