"""The Deployment of the store."""

from decimal import Decimal

from edge_operator.api.quantity import parse_quantity
from edge_operator.desired import components, ports
from edge_operator.desired.connections import broker_url
from edge_operator.desired.defaults import RETAINED_SHARE_PERCENT
from edge_operator.desired.deployment import environment
from edge_operator.desired.deployment.credentials import broker_credentials
from edge_operator.desired.deployment.mounts import claim
from edge_operator.desired.deployment.probes import http_probes
from edge_operator.desired.deployment.workload import Workload, container_port, deployment
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.secret.credentials import credentials
from edge_operator.desired.volume_claim import STORAGE_DATA

DATA_DIR = "/data"
GRACE_SECONDS = 60


def storage_deployment(site: SiteInput) -> Manifest:
    """Return the Deployment of the store."""
    login = broker_credentials(site, components.STORAGE)
    workload = Workload(
        component=components.storage(site),
        ports=[container_port("http", ports.HTTP), container_port("ingest", ports.INGEST)],
        environment=environment.common(site, login) | _environment(site),
        mounts=[claim("data", child_name(site, STORAGE_DATA), DATA_DIR), login],
        probes=http_probes(),
        reads=[credentials(site, components.STORAGE)],
        grace_seconds=GRACE_SECONDS,
    )
    return deployment(site, workload)


def _environment(site: SiteInput) -> dict[str, str | None]:
    storage = site.spec.storage
    return {
        "INGEST_PORT": str(ports.INGEST),
        "STORAGE_TYPE": "local",
        "STORAGE_PATH": DATA_DIR,
        "MQTT_BROKER": broker_url(site),
        "RETENTION_MAX_BYTES": str(_retained_bytes(site)),
        "RETENTION_MAX_AGE": storage.retention.max_age if storage.retention else None,
    }


def _retained_bytes(site: SiteInput) -> int:
    """Return the limit of the store's files in bytes: that of the spec if the volume is large enough for it."""
    storage = site.spec.storage
    size = parse_quantity(storage.size) if site.storage_bytes is None else Decimal(site.storage_bytes)
    if storage.retention and storage.retention.max_size is not None:
        wanted = parse_quantity(storage.retention.max_size)
        if wanted <= size:
            return int(wanted)
    return int(size * RETAINED_SHARE_PERCENT / 100)
