"""The destinations of the processor outside of the site: their names, URLs and ports."""

from collections.abc import Iterable

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.desired.connections import port_of
from edge_operator.desired.inputs import SiteInput

CLOUD = "cloud"
KAFKA = "kafka"
ALERTMANAGER = "alertmanager"
WEBHOOK = "webhook"
SINKS = (CLOUD, KAFKA, ALERTMANAGER, WEBHOOK)


def sink_names(spec: EdgeSiteSpec) -> tuple[str, ...]:
    """Return the names of the sinks that a spec configures, as the processor reports them."""
    alerting = spec.alerting
    configured = {
        CLOUD: spec.cloud,
        KAFKA: spec.processor.kafka,
        ALERTMANAGER: alerting and alerting.alertmanager,
        WEBHOOK: alerting and alerting.webhook,
    }
    return tuple(name for name, part in configured.items() if part)


def kafka_url(site: SiteInput) -> str | None:
    """Return the sink of processed readings, None without Kafka."""
    kafka = site.spec.processor.kafka
    return f"kafka://{','.join(kafka.brokers)}" if kafka else None


def commands_enabled(site: SiteInput) -> bool:
    """Return whether the cloud may send commands."""
    return site.spec.cloud is not None and site.spec.cloud.commands == "Enabled"


def sink_ports(site: SiteInput) -> set[int]:
    """Return the ports of the destinations.

    Raises:
        ValueError: a port is not valid.
    """
    return {port_of(url, where) for url, where in sink_urls(site.spec)}


def sink_urls(spec: EdgeSiteSpec) -> Iterable[tuple[str, str]]:
    """Yield the URL of each destination and of the proxy, with the field of the spec that has it."""
    cloud, kafka, alerting = spec.cloud, spec.processor.kafka, spec.alerting
    if cloud:
        yield cloud.endpoint, "cloud.endpoint"
        if cloud.proxy:
            yield cloud.proxy.url, "cloud.proxy.url"
    for broker in kafka.brokers if kafka else ():
        yield f"kafka://{broker}", "processor.kafka.brokers"
    if alerting and alerting.alertmanager:
        yield alerting.alertmanager.url, "alerting.alertmanager.url"
    if alerting and alerting.webhook:
        yield alerting.webhook.url, "alerting.webhook.url"
