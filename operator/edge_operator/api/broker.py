"""The broker of an EdgeSite: managed (Mosquitto in the cluster) or external."""

from typing import Annotated, Literal

from pydantic import Field

from .components import Tls
from .references import Resources, SecretRef
from .schema import LIST_SET, ApiModel, list_map, rule, rules
from .values import Image, Quantity, secret_suffix, url

RESERVED_CLIENTS = (
    "api-token",
    "api-tokens",
    "broker",
    "cloud-token",
    "gateway",
    "mqtt",
    "operator",
    "processor",
    "root",
    "storage",
)
"""Logins of the site's own components, and Secrets of a site: other clients cannot have such a name."""

_LEVEL = "([+]|[^\\\\s\\\\p{C}\\\\p{Z}+#/]*)"

TopicFilter = Annotated[
    str,
    Field(
        max_length=256,
        json_schema_extra=rules(
            rule(
                f"self != '' && self.matches('^(#|{_LEVEL}(/{_LEVEL})*(/#)?)$')",
                "must be an MQTT topic filter without blanks, such as alerts/# or devices/+/data",
            ),
            rule(
                "!self.startsWith('$') && !self.matches('^(edge|[+]|#)(/|$)')",
                "must not begin with '$', 'edge/' or a wildcard: those topics are the broker's and the site's own",
            ),
        ),
    ),
]
TopicFilters = Annotated[list[TopicFilter] | None, Field(max_length=32, json_schema_extra=LIST_SET)]


class BrokerClient(ApiModel):
    """Another program with a login on the broker, such as Node-RED or a SCADA system."""

    name: Annotated[
        str,
        secret_suffix(*RESERVED_CLIENTS),
    ]
    """Name of the client. Its username is ~<name>; its credentials are in the Secret <site>-client-<name>."""

    subscribe: TopicFilters = None
    """Topic filters that the client may subscribe to, at most 32."""

    publish: TopicFilters = None
    """Topic filters that the client may publish to, at most 32."""


class BrokerStorage(ApiModel):
    """Sizes of the broker's volumes. A volume never shrinks, and grows only if its StorageClass can expand volumes."""

    data: Quantity = "1Gi"
    """Size of the volume for sessions, queued messages and retained messages."""

    log: Quantity = "1Gi"
    """Size of the volume for the broker's log."""


class ManagedBroker(ApiModel):
    """Mosquitto broker that the operator manages."""

    image: Image | None = None
    """Container image of Mosquitto, version 2.1.2 or later. Default: eclipse-mosquitto with the tag of the operator's
    release."""

    storage: BrokerStorage | None = None
    """Sizes of the broker's volumes. Default: {data: 1Gi, log: 1Gi}."""

    resources: Resources | None = None
    """CPU and memory of the container. Default: requests {cpu: 50m, memory: 64Mi}, limits {cpu: 100m, memory:
    128Mi}. Each quantity that is not set keeps its default."""

    tls: Tls | None = None
    """Certificate of the TLS listener on port 8883. If the Secret has a key ca.crt, it is copied to the devices'
    credential Secrets. If unset, the operator creates a certificate authority for the site."""

    clients: Annotated[list[BrokerClient] | None, Field(max_length=32, json_schema_extra=list_map("name"))] = None
    """Other programs with a login on the broker, at most 32."""


class ComponentLogins(ApiModel):
    """Secrets with logins of single components: the label edge-stack.io/use: "true", the keys username and password."""

    operator: SecretRef | None = None
    """Login of the operator. Default: the one in credentialsSecretRef."""

    gateway: SecretRef | None = None
    """Login of the gateway's pods. Default: the one in credentialsSecretRef."""

    processor: SecretRef | None = None
    """Login of the processor's pods. Default: the one in credentialsSecretRef."""


class ExternalBroker(ApiModel):
    """Broker that you operate, such as EMQX, HiveMQ or VerneMQ. You then also manage the devices' credentials."""

    url: Annotated[str, url("mqtt", "mqtts", "tcp", example="mqtts://broker.example.com:8883", has_path=False)]
    """URL of the broker. tcp:// is the same as mqtt://."""

    topic_prefix: (
        Annotated[
            str,
            Field(
                max_length=200,
                json_schema_extra=rules(
                    rule(
                        "self == '' || self.matches('^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/$')",
                        "must be empty or end with '/', such as plants/north/, without blanks and wildcards",
                    )
                ),
            ),
        ]
        | None
    ) = None
    """Prefix of every topic of the site. Must end with '/' unless empty. Default: <namespace>/<site>/. Client IDs have
    the same prefix with '.' for '/', such as <namespace>.<site>.edge-processor."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the keys username and password, used by the operator and the
    site's components. The spec is not applied without the label."""

    credentials_secret_refs: ComponentLogins | None = None
    """Logins of single components, for a broker that ties the client ID to the login. If unset, all use the login in
    credentialsSecretRef. With such a broker, gateway.replicas must be 1."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the key ca.crt: the certificate authority of the broker's
    certificate. The spec is not applied without the label. Only valid with an mqtts:// URL."""


EXTERNAL_RULES = rules(
    rule(
        "!has(self.caSecretRef) || !isURL(self.url) || url(self.url).getScheme() == 'mqtts'",
        "goes with an mqtts:// url only: nothing is encrypted otherwise",
        fieldPath=".caSecretRef",
        reason="FieldValueForbidden",
    ),
)


class Broker(ApiModel):
    """MQTT broker of the site."""

    type: Literal["Managed", "External"] = "Managed"
    """Managed: the operator runs Mosquitto. External: the site uses the broker in the field external."""

    managed: ManagedBroker | None = None
    """Settings of the managed broker. Ignored if type is External."""

    external: Annotated[ExternalBroker, Field(json_schema_extra=EXTERNAL_RULES)] | None = None
    """Settings of the external broker. Required if type is External, otherwise forbidden."""


BROKER_RULES = rules(
    rule(
        "self.type != 'External' || has(self.external)",
        "type External needs it: say where the broker is, as external.url",
        fieldPath=".external",
        reason="FieldValueRequired",
    ),
    rule(
        "self.type == 'External' || !has(self.external)",
        "is valid only with type External: set type to External or remove external",
        fieldPath=".external",
        reason="FieldValueForbidden",
    ),
)
