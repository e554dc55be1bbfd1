"""The parts of an EdgeSite's spec: cloud, gateway, processor, storage, devices, scheduling."""

from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field

from .placement import Affinity, Toleration
from .references import Host, Resources, SecretRef
from .schema import LIST_ATOMIC, LIST_SET, MAP_ATOMIC, ApiModel, list_map, rule, rules
from .values import (
    PRINTABLE,
    AnnotationMap,
    Decimal,
    Image,
    LabelMap,
    OptionalName,
    Quantity,
    duration,
    is_quantity,
    url,
)

Replicas = Annotated[int, Field(ge=0, le=32)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Cloud(ApiModel):
    """Where readings are forwarded to."""

    endpoint: Annotated[str, url("https", "mqtts", example="https://ingest.example.com/edge")]
    """Where readings go: https://… receives batches, mqtts://… single messages."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the key `token` (https), or `username` and `password`, that the site shows to the cloud."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the key `ca.crt`, the authority that signed the cloud's certificate; the system's if not given."""


class NodePorts(ApiModel):
    """Fixed ports on the nodes, for a Service of type NodePort or LoadBalancer."""

    http: Port | None = None
    """Node port of HTTP."""

    https: Port | None = None
    """Node port of HTTPS."""

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


class Tls(ApiModel):
    """A certificate of the user's own."""

    secret_ref: SecretRef
    """Secret with the keys `tls.crt` and `tls.key`, as cert-manager writes them."""


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


class Kafka(ApiModel):
    """A Kafka cluster that receives the processed readings."""

    brokers: Annotated[
        list[
            Annotated[
                str,
                Field(
                    max_length=260,
                    json_schema_extra=rules(
                        rule(
                            "self.matches('^[A-Za-z0-9][A-Za-z0-9._-]*:[1-9][0-9]{0,4}$')"
                            " && int(self.split(':')[1]) <= 65535",
                            "must be host:port, such as edge-kafka:9092",
                        )
                    ),
                ),
            ]
        ],
        Field(min_length=1, max_length=16, json_schema_extra=LIST_SET),
    ]
    """Addresses of brokers to begin with, as host:port."""

    topic: Annotated[
        str,
        Field(
            max_length=249,
            json_schema_extra=rules(
                rule(
                    "self.matches('^[A-Za-z0-9._-]+$') && self != '.' && self != '..'",
                    "must be of letters, digits, '.', '_' and '-', and neither '.' nor '..'",
                )
            ),
        ),
    ] = "edge-readings"
    """Topic that the readings are produced to."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the keys `username` and `password` (SASL SCRAM-SHA-512 over TLS)."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the key `ca.crt`, the authority that signed the brokers' certificates."""


class Rule(ApiModel):
    """When a reading raises an alert, and when that alert clears."""

    name: Annotated[
        str,
        Field(
            max_length=63,
            json_schema_extra=rules(
                rule(
                    "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
                    "must be of lower case letters, digits and '-'",
                )
            ),
        ),
    ]
    """Name of the rule; alerts carry it."""

    sensor_type: Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=PRINTABLE)]
    """Which readings the rule is about, such as temperature."""

    above: Decimal | None = None
    """The alert starts above this value, in the unit after conversion (celsius, pascal, percent)."""

    below: Decimal | None = None
    """The alert starts below this value, in the unit after conversion."""

    clear: Decimal | None = None
    """The alert clears once the value is back at this one or better; the threshold itself if not given."""

    for_: Annotated[str, duration("0s", "24h"), Field(alias="for")] = "0s"
    """How long the value must stay beyond the threshold before the alert starts."""

    severity: Literal["Info", "Warning", "Critical"] = "Warning"
    """How grave the alert is."""


RULE_RULES = rules(
    rule("has(self.above) != has(self.below)", "needs exactly one of above and below"),
    rule(
        f"!has(self.clear) || !has(self.above) || !{is_quantity('self.clear')} || !{is_quantity('self.above')}"
        " || !quantity(string(self.clear)).isGreaterThan(quantity(string(self.above)))",
        "must not be greater than above: the alert clears on the way down",
        fieldPath=".clear",
    ),
    rule(
        f"!has(self.clear) || !has(self.below) || !{is_quantity('self.clear')} || !{is_quantity('self.below')}"
        " || !quantity(string(self.clear)).isLessThan(quantity(string(self.below)))",
        "must not be less than below: the alert clears on the way up",
        fieldPath=".clear",
    ),
)


class Processor(ApiModel):
    """The stream processor: converts readings, checks rules, stores."""

    replicas: Replicas = 2
    """Number of pods: one works, the others stand by warm. 0 stops processing."""

    image: Image | None = None
    """Image of the processor. Default: edge-stack/edge-processor of the operator's release."""

    resources: Resources | None = None
    """CPU and memory. Default: requests {cpu: 200m, memory: 256Mi}, limits {cpu: 500m, memory: 512Mi}."""

    mode: Literal["RealTime"] = "RealTime"
    """How readings are processed: each as it arrives."""

    kafka: Kafka | None = None
    """A Kafka cluster that receives the processed readings; none if not given."""

    rules: Annotated[
        list[Annotated[Rule, Field(json_schema_extra=RULE_RULES)]] | None,
        Field(max_length=64, json_schema_extra=list_map("name")),
    ] = None
    """Alert rules; if given, even empty, they replace the defaults. Default: temperature above 80 (celsius),
    pressure above 200000 (pascal), humidity above 90 (percent)."""


class Retention(ApiModel):
    """How long readings are kept on site."""

    max_age: Annotated[str, duration("1m", "87600h")] | None = None
    """Readings older than this are dropped; no limit of age if not given."""

    max_size: Quantity | None = None
    """The oldest readings are dropped above this size. Default: 85 % of size."""


class Storage(ApiModel):
    """The durable store of the site."""

    image: Image | None = None
    """Image of the store. Default: edge-stack/edge-storage of the operator's release."""

    resources: Resources | None = None
    """CPU and memory. Default: requests {cpu: 100m, memory: 128Mi}, limits {cpu: 200m, memory: 256Mi}."""

    size: Quantity = "10Gi"
    """Size of the volume; it can grow but never shrink."""

    storage_class_name: OptionalName | None = None
    """StorageClass of the site's volumes; the cluster's default if not given. Cannot be changed."""

    sync_interval: Annotated[str, duration("1s", "24h")] = "300s"
    """The longest pause between two attempts to reach a sink (cloud, Kafka) that is cut off."""

    retention: Retention | None = None
    """How long readings are kept."""

    reclaim_policy: Literal["Retain", "Delete"] = "Retain"
    """What becomes of the site's volumes when the site is deleted: kept, or deleted with it."""


class DeviceDefaults(ApiModel):
    """Defaults for the devices of the site."""

    heartbeat_interval: Annotated[str, duration("1s", "24h")] = "30s"
    """How often a device says that it is alive."""

    offline_after: Annotated[str, duration("2s", "168h")] = "5m"
    """A device not heard of for so long is Offline; at least twice heartbeatInterval."""


class Scheduling(ApiModel):
    """Where the pods of the site run."""

    profile: Literal["SingleNode", "MultiNode"] = "SingleNode"
    """SingleNode keeps pods on a node that cannot be reached, MultiNode moves them after 300 s."""

    node_selector: Annotated[LabelMap | None, Field(json_schema_extra=MAP_ATOMIC)] = None
    """Labels of the nodes that the pods may run on."""

    tolerations: Annotated[list[Toleration] | None, Field(max_length=16, json_schema_extra=LIST_ATOMIC)] = None
    """Taints of nodes that the pods accept."""

    affinity: Affinity | None = None
    """Which nodes the pods must or should be on, and which pods near or far."""

    priority_class_name: OptionalName | None = None
    """PriorityClass of the pods."""


class PodMetadata(ApiModel):
    """Labels and annotations for the pods of the site, for tools that read them."""

    labels: LabelMap | None = None
    """Labels added to every pod. The operator's own labels win."""

    annotations: AnnotationMap | None = None
    """Annotations added to every pod. The operator's own annotations win."""
