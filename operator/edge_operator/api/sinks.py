"""Destinations outside of the site in an EdgeSite's spec: cloud, alerting; and which readings are forwarded."""

from typing import Annotated, Literal

from pydantic import Field

from .references import SecretRef
from .schema import LIST_SET, ApiModel, rule, rules
from .values import GO_DURATION, PRINTABLE, Decimal, duration, url


class Proxy(ApiModel):
    """HTTP proxy for connections to https:// URLs."""

    url: Annotated[str, url("http", "https", example="http://proxy.example.com:3128", has_path=False)]
    """URL of the proxy. The processor has it as HTTPS_PROXY."""

    no_proxy: Annotated[
        list[
            Annotated[
                str,
                Field(
                    max_length=253,
                    json_schema_extra=rules(
                        rule(
                            "self.matches('^[A-Za-z0-9.*:/_\\\\[\\\\]-]+$')",
                            "must be a host, a domain such as .example.com, or an IP address, without blanks and"
                            " commas",
                        )
                    ),
                ),
            ]
        ]
        | None,
        Field(max_length=64, json_schema_extra=LIST_SET),
    ] = None
    """Hosts and domains that are reached without the proxy, as in NO_PROXY, at most 64."""


class Cloud(ApiModel):
    """Cloud endpoint that readings and alerts are forwarded to."""

    endpoint: Annotated[str, url("https", "mqtts", example="https://ingest.example.com/edge")]
    """URL of the endpoint: https:// for batches, mqtts:// for single messages."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the key token (https) or the keys username and password. It
    is not used without the label. A change of the keys takes effect without a restart."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the key ca.crt: the certificate authority of the endpoint's
    certificate. If unset, the authorities of the system are trusted."""

    commands: Literal["Disabled", "Enabled"] = "Disabled"
    """Enabled: the cloud may send commands to the devices with cloudCommands, over the connection that the site opens.
    Disabled: it may not."""

    proxy: Proxy | None = None
    """HTTP proxy for connections to https:// URLs: the endpoint, and those of alerting. If unset, none."""


CLOUD_RULES = rules(
    rule(
        r"!self.endpoint.startsWith('mqtts://') || self.endpoint.matches('^mqtts://[^/?#]*(/[^?#+$]*)?$')",
        "must have no query, no fragment, and no + or $ in its path, which begins the topics: use a URL such as"
        " mqtts://broker.example.com:8883/plant-1",
        fieldPath=".endpoint",
    ),
    rule(
        "!has(self.proxy) || !isURL(self.endpoint) || url(self.endpoint).getScheme() == 'https'",
        "goes with an https:// endpoint only: the connection to an mqtts:// endpoint uses no proxy",
        fieldPath=".proxy",
        reason="FieldValueForbidden",
    ),
)


class Alertmanager(ApiModel):
    """Alertmanager that receives the site's alerts."""

    url: Annotated[str, url("http", "https", example="http://alertmanager.monitoring.svc:9093", has_query=False)]
    """URL of the Alertmanager, without /api/v2/alerts. If it runs in this cluster, use the port of its pods: the
    processor's NetworkPolicy allows connections to this port only."""


class Webhook(ApiModel):
    """HTTP endpoint that receives the site's alerts as JSON."""

    url: Annotated[str, url("http", "https", example="https://hooks.example.com/edge")]
    """URL of the endpoint. If it runs in this cluster, use the port of its pods: the processor's NetworkPolicy allows
    connections to this port only."""


class Alerting(ApiModel):
    """Destinations of alerts, besides the cloud, Kafka and the topic alerts of the broker."""

    alertmanager: Alertmanager | None = None
    """Alertmanager that receives the alerts. If unset, none."""

    webhook: Webhook | None = None
    """HTTP endpoint that receives the alerts. If unset, none."""

    credentials_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the key token or the keys username and password, for
    Alertmanager and webhook. It is not used without the label. A change of the keys takes effect without a restart."""

    ca_secret_ref: SecretRef | None = None
    """Secret with the label edge-stack.io/use: "true", and the key ca.crt: the certificate authority of their
    certificates. If unset, the authorities of the system are trusted. Only valid with an https:// URL."""


def _is_https(destination: str) -> str:
    url_of = f"self.{destination}.url"
    return f"(has(self.{destination}) && (!isURL({url_of}) || url({url_of}).getScheme() == 'https'))"


ALERTING_RULES = rules(
    rule("has(self.alertmanager) || has(self.webhook)", "needs alertmanager or webhook"),
    rule(
        f"!has(self.caSecretRef) || {_is_https('alertmanager')} || {_is_https('webhook')}",
        "goes with an https:// url only: nothing is encrypted otherwise",
        fieldPath=".caSecretRef",
        reason="FieldValueForbidden",
    ),
)


class Forwarding(ApiModel):
    """Report by exception for one sensor type: every reading is stored, fewer are forwarded to the cloud and Kafka."""

    sensor_type: Annotated[str, Field(min_length=1, max_length=64, json_schema_extra=PRINTABLE)]
    """Sensor type of the readings, such as temperature. Readings of other types are all forwarded."""

    deadband: Decimal | None = None
    """Change of the value since the last forwarded reading up to which a reading is not forwarded, in the unit after
    conversion. If unset, any value is forwarded."""

    min_interval: Annotated[str, duration("1ms", "24h")] | None = None
    """Time after a forwarded reading for which no other reading is forwarded. If unset, there is none."""

    max_interval: Annotated[str, duration("1ms", "168h")] | None = None
    """Time after a forwarded reading after which the next reading is forwarded, even if its value is within deadband.
    If unset, there is no limit."""


_BOTH_INTERVALS = (
    "has(self.minInterval) && has(self.maxInterval)"
    f" && self.minInterval.matches('{GO_DURATION}') && self.maxInterval.matches('{GO_DURATION}')"
)
FORWARDING_RULES = rules(
    rule(
        "has(self.deadband) || has(self.minInterval) || has(self.maxInterval)",
        "needs at least one of deadband, minInterval and maxInterval",
    ),
    rule(
        "!has(self.deadband) || !string(self.deadband).startsWith('-')",
        "must be zero or more",
        fieldPath=".deadband",
    ),
    rule(
        f"!({_BOTH_INTERVALS}) || duration(self.minInterval) <= duration(self.maxInterval)",
        "must not be greater than maxInterval",
        fieldPath=".minInterval",
    ),
)
