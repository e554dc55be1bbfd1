"""The Deployment of the gateway."""

from edge_operator.desired import components, ports
from edge_operator.desired.connections import broker_url, device_broker_url, storage_url
from edge_operator.desired.deployment import environment
from edge_operator.desired.deployment.credentials import CLOUD_TOKEN_FILE, broker_credentials, cloud_token_mount
from edge_operator.desired.deployment.mounts import Mount, secret, secrets_directory, source
from edge_operator.desired.deployment.probes import http_probes
from edge_operator.desired.deployment.workload import Workload, container_port, deployment
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.secret.api_tokens import LIST_KEY, api_tokens_name
from edge_operator.desired.secret.cloud_token import cloud_token
from edge_operator.desired.secret.credentials import credentials
from edge_operator.desired.sinks import commands_enabled

API_TOKENS_DIR = "/etc/edge/api-tokens"
TLS_DIR = "/etc/edge/tls"
GRACE_SECONDS = 30
DRAIN_SECONDS = 5
"""Wait before the gateway stops: until then others may still send to a pod that is being deleted."""


def gateway_deployment(site: SiteInput) -> Manifest:
    """Return the Deployment of the gateway."""
    login = broker_credentials(site, components.GATEWAY)
    # Not in `reads`: the gateway reads it again when it changes.
    tokens = secret("api-tokens", api_tokens_name(site), API_TOKENS_DIR)
    workload = Workload(
        component=components.gateway(site),
        ports=_ports(site),
        environment=environment.common(site, login) | _environment(site),
        mounts=[login, tokens, cloud_token_mount(site), _certificate(site)],
        probes=http_probes(),
        reads=[credentials(site, components.GATEWAY), cloud_token(site)],
        grace_seconds=GRACE_SECONDS,
        lifecycle={"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}},
    )
    return deployment(site, workload)


def _ports(site: SiteInput) -> list[Manifest]:
    https = [container_port("https", ports.HTTPS)] if site.spec.gateway.tls else []
    return [
        container_port("http", ports.HTTP),
        *https,
        container_port("mqtt", ports.MQTT),
        container_port("mqtts", ports.MQTTS),
    ]


def _environment(site: SiteInput) -> dict[str, str | None]:
    gateway = site.spec.gateway
    tls = gateway.tls is not None
    return {
        "EDGE_LOCATION": environment.location(site),
        "CLOUD_ENDPOINT": site.spec.cloud.endpoint if site.spec.cloud else None,
        "MQTT_BROKER": broker_url(site),
        "DEVICE_MQTT_BROKER": device_broker_url(site, "mqtt"),
        "DEVICE_MQTTS_BROKER": device_broker_url(site, "mqtts"),
        "STORAGE_URL": storage_url(site),
        "API_TOKENS_FILE": f"{API_TOKENS_DIR}/{LIST_KEY}",
        "CLOUD_TOKEN_FILE": CLOUD_TOKEN_FILE if commands_enabled(site) else None,
        "ALLOW_PLAINTEXT_CREDENTIALS": str(gateway.allow_plaintext_credentials).lower(),
        "HTTPS_PORT": str(ports.HTTPS) if tls else None,
        "TLS_CERT_FILE": f"{TLS_DIR}/tls.crt" if tls else None,
        "TLS_KEY_FILE": f"{TLS_DIR}/tls.key" if tls else None,
    }


def _certificate(site: SiteInput) -> Mount | None:
    tls = site.spec.gateway.tls
    return secrets_directory("tls", [source(tls.secret_ref.name, "tls.crt", "tls.key")], TLS_DIR) if tls else None
