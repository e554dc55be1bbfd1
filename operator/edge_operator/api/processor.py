"""The stream processor of an EdgeSite's spec: Kafka, alert rules."""

from typing import Annotated, Literal

from pydantic import Field

from .components import Replicas
from .references import Resources, SecretRef
from .schema import LIST_SET, ApiModel, list_map, rule, rules
from .values import PRINTABLE, Decimal, Image, duration, is_quantity


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
