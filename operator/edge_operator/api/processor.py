"""The stream processor of an EdgeSite's spec: Kafka, alert rules."""

from typing import Annotated, Literal

from pydantic import Field

from .components import Replicas
from .references import Resources, SecretRef
from .schema import LIST_SET, ApiModel, list_map, rule, rules
from .values import PRINTABLE, Decimal, Image, duration, is_quantity

KafkaTopic = Annotated[
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
]


class Kafka(ApiModel):
    """Kafka cluster that processed readings and alerts are produced to."""

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
    """Addresses of the bootstrap brokers, as host:port, 1 to 16. If a broker runs in this cluster, use the port of its
    pods: the processor's NetworkPolicy allows connections to these ports only."""

    topic: KafkaTopic = "edge-readings"
    """Topic that readings are produced to. The key of a record is <namespace>/<site>/<device>."""

    alerts_topic: KafkaTopic = "alerts"
    """Topic that alerts are produced to. It may be the same as topic."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the keys username and password (SASL SCRAM-SHA-512 over
    TLS). It is not used without the label. A change of the keys takes effect without a restart."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the key ca.crt: the certificate authority of the
    brokers' certificates. If it or credentialsSecretRef is set, the connections use TLS."""


class Rule(ApiModel):
    """Alert rule: when an alert starts and when it clears."""

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
    """Name of the rule. Every alert of the rule contains it."""

    sensor_type: Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=PRINTABLE)]
    """Sensor type of the readings that the rule applies to, such as temperature."""

    above: Decimal | None = None
    """Threshold above which the alert starts, in the unit after conversion (celsius, pascal, percent). Exactly one of
    above and below must be set."""

    below: Decimal | None = None
    """Threshold below which the alert starts, in the unit after conversion. Exactly one of above and below must be
    set."""

    clear: Decimal | None = None
    """Value at which the alert clears. It gives the rule hysteresis. If unset, the threshold."""

    for_: Annotated[str, duration("0s", "24h"), Field(alias="for")] = "0s"
    """Time for which the value must stay beyond the threshold before the alert starts."""

    severity: Literal["Info", "Warning", "Critical"] = "Warning"
    """Severity of the alert: Info, Warning or Critical."""


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
    """Stream processor of the site: converts readings, checks alert rules, writes to the store."""

    replicas: Replicas = 2
    """Number of processor pods. One is active, the others are on standby. 0 stops processing."""

    image: Image | None = None
    """Container image. Default: edge-stack/edge-processor with the tag of the operator's release."""

    resources: Resources | None = None
    """CPU and memory of the container. Default: requests {cpu: 200m, memory: 256Mi}, limits {cpu: 500m, memory:
    512Mi}. Each quantity that is not set keeps its default."""

    mode: Literal["RealTime"] = "RealTime"
    """Processing mode. RealTime: each reading is processed when it arrives."""

    kafka: Kafka | None = None
    """Kafka cluster that processed readings and alerts are produced to. If unset, none."""

    rules: Annotated[
        list[Annotated[Rule, Field(json_schema_extra=RULE_RULES)]] | None,
        Field(max_length=64, json_schema_extra=list_map("name")),
    ] = None
    """Alert rules, at most 64. If set, even to an empty list, they replace the default rules. Default: temperature
    above 80 (celsius), pressure above 200000 (pascal), humidity above 90 (percent)."""
