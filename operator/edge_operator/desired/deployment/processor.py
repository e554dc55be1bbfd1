"""The Deployment of the processor."""

from edge_operator.desired import components, ports
from edge_operator.desired.config_map.rules import KEY, rules_config_map
from edge_operator.desired.connections import broker_url, kafka_url, storage_url
from edge_operator.desired.deployment import environment
from edge_operator.desired.deployment.credentials import KAFKA_DIR, broker_credentials, kafka_credentials
from edge_operator.desired.deployment.mounts import config_directory
from edge_operator.desired.deployment.probes import http_probes
from edge_operator.desired.deployment.workload import Workload, container_port, deployment
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.credentials import credentials

RULES_DIR = "/etc/edge/rules"
GRACE_SECONDS = 30
MODES = {"RealTime": "real-time"}


def processor_deployment(site: SiteInput) -> Manifest:
    """Return the Deployment of the processor."""
    login = broker_credentials(site, components.PROCESSOR)
    rules = config_directory("rules", child_name(site, components.PROCESSOR), RULES_DIR)
    workload = Workload(
        component=components.processor(site),
        ports=[container_port("http", ports.HTTP)],
        environment=environment.common(site, login) | _environment(site),
        mounts=[login, rules, kafka_credentials(site)],
        probes=http_probes(),
        reads=[credentials(site, components.PROCESSOR), rules_config_map(site)],
        grace_seconds=GRACE_SECONDS,
    )
    return deployment(site, workload)


def _environment(site: SiteInput) -> dict[str, str | None]:
    kafka = site.spec.processor.kafka
    return {
        "EDGE_LOCATION": environment.location(site),
        "PROCESSING_MODE": MODES[site.spec.processor.mode],
        "DATA_SOURCE": broker_url(site),
        "STORAGE_URL": storage_url(site),
        "RULES_FILE": f"{RULES_DIR}/{KEY}",
        "OUTPUT_SINK": kafka_url(site),
        "KAFKA_TOPIC": kafka.topic if kafka else None,
        "KAFKA_CREDENTIALS_DIR": KAFKA_DIR if kafka_credentials(site) else None,
        "SYNC_INTERVAL": site.spec.storage.sync_interval if kafka else None,
    }
