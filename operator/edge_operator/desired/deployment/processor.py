"""The Deployment of the processor."""

from edge_operator.desired import components, ports
from edge_operator.desired.config_map.rules import FORWARDING_KEY, KEY, rules_config_map
from edge_operator.desired.connections import broker_url, gateway_url, storage_url
from edge_operator.desired.deployment import environment
from edge_operator.desired.deployment.credentials import (
    ALERTING_DIR,
    CLOUD_DIR,
    KAFKA_DIR,
    alerting_credentials,
    broker_credentials,
    cloud_credentials,
    kafka_credentials,
)
from edge_operator.desired.deployment.mounts import Mount, config_directory, secret
from edge_operator.desired.deployment.probes import http_probes
from edge_operator.desired.deployment.workload import Workload, container_port, deployment
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.credentials import credentials
from edge_operator.desired.sinks import commands_enabled, kafka_url, sink_names

RULES_DIR = "/etc/edge/rules"
CLOUD_TOKEN_DIR = "/etc/edge/cloud-token"  # noqa: S105  # a directory
GRACE_SECONDS = 30
MODES = {"RealTime": "real-time"}


def processor_deployment(site: SiteInput) -> Manifest:
    """Return the Deployment of the processor."""
    login = broker_credentials(site, components.PROCESSOR)
    rules = config_directory("rules", child_name(site, components.PROCESSOR), RULES_DIR)
    sinks = [kafka_credentials(site), cloud_credentials(site), alerting_credentials(site)]
    workload = Workload(
        component=components.processor(site),
        ports=[container_port("http", ports.HTTP)],
        environment=environment.common(site, login) | _environment(site) | _sinks(site) | _commands(site),
        mounts=[login, rules, *sinks, _cloud_token(site)],
        probes=http_probes(),
        reads=[credentials(site, components.PROCESSOR), rules_config_map(site)],
        grace_seconds=GRACE_SECONDS,
    )
    return deployment(site, workload)


def _environment(site: SiteInput) -> dict[str, str | None]:
    return {
        "EDGE_LOCATION": environment.location(site),
        "PROCESSING_MODE": MODES[site.spec.processor.mode],
        "DATA_SOURCE": broker_url(site),
        "STORAGE_URL": storage_url(site),
        "RULES_FILE": f"{RULES_DIR}/{KEY}",
        "FORWARDING_FILE": f"{RULES_DIR}/{FORWARDING_KEY}" if site.spec.forwarding else None,
        "SYNC_INTERVAL": site.spec.storage.sync_interval if sink_names(site.spec) else None,
    }


def _sinks(site: SiteInput) -> dict[str, str | None]:
    cloud, kafka, alerting = site.spec.cloud, site.spec.processor.kafka, site.spec.alerting
    proxy = cloud.proxy if cloud else None
    alertmanager, webhook = (alerting.alertmanager, alerting.webhook) if alerting else (None, None)
    return {
        "CLOUD_ENDPOINT": cloud.endpoint if cloud else None,
        "CLOUD_CREDENTIALS_DIR": CLOUD_DIR if cloud_credentials(site) else None,
        "HTTPS_PROXY": proxy.url if proxy else None,
        "NO_PROXY": ",".join(proxy.no_proxy) if proxy and proxy.no_proxy else None,
        "OUTPUT_SINK": kafka_url(site),
        "KAFKA_TOPIC": kafka.topic if kafka else None,
        "KAFKA_ALERTS_TOPIC": kafka.alerts_topic if kafka else None,
        "KAFKA_CREDENTIALS_DIR": KAFKA_DIR if kafka_credentials(site) else None,
        "ALERTMANAGER_URL": alertmanager.url if alertmanager else None,
        "WEBHOOK_URL": webhook.url if webhook else None,
        "ALERTING_CREDENTIALS_DIR": ALERTING_DIR if alerting_credentials(site) else None,
    }


def _commands(site: SiteInput) -> dict[str, str | None]:
    if not commands_enabled(site):
        return {}
    return {
        "CLOUD_COMMANDS": "true",
        "GATEWAY_URL": gateway_url(site),
        "GATEWAY_TOKEN_FILE": f"{CLOUD_TOKEN_DIR}/token",
    }


def _cloud_token(site: SiteInput) -> Mount | None:
    """Return the directory with the token with which the processor sends the cloud's commands to the gateway."""
    if not commands_enabled(site):
        return None
    return secret("cloud-token", child_name(site, "cloud-token"), CLOUD_TOKEN_DIR)
