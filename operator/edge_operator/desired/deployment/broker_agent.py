"""The agent beside the managed broker, which updates Mosquitto's logins and certificates without a restart."""

from edge_operator.desired import components, defaults, ports
from edge_operator.desired.config_map.mosquitto import BrokerLayout
from edge_operator.desired.deployment.credentials import BROKER_DIR
from edge_operator.desired.deployment.environment import env
from edge_operator.desired.deployment.mounts import Mount, secrets_directory, service_account_token, source
from edge_operator.desired.deployment.workload import container_security
from edge_operator.desired.encoding import as_given
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.secret.broker_tls import broker_tls_name
from edge_operator.desired.secret.credentials import credentials_name

NAME = "broker-agent"
PORT = "agent"
FIRST_SECONDS = 600
"""Time limit for the first logins; Mosquitto starts after it."""


def agent_mounts(site: SiteInput) -> list[Mount]:
    """Return the volumes of the agent only."""
    login = source(credentials_name(site, components.MQTT), "username", "password")
    return [service_account_token("api-token"), secrets_directory("credentials", [login], BROKER_DIR)]


def agent_container(site: SiteInput) -> Manifest:
    """Return the agent: started before Mosquitto, and run beside it (a sidecar: restartPolicy Always)."""
    layout = BrokerLayout()
    data = {"name": "data", "mountPath": layout.data_dir}
    log = {"name": "log", "mountPath": layout.log_dir}
    return {
        "name": NAME,
        "image": site.release.broker_agent_image,
        "restartPolicy": "Always",
        "ports": [{"name": PORT, "containerPort": ports.HTTP, "protocol": "TCP"}],
        "env": env(
            {
                "EDGE_NAMESPACE": site.namespace,
                "EDGE_SITE": site.name,
                "PORT": str(ports.HTTP),
                "EDGE_CREDENTIALS_DIR": BROKER_DIR,
                "MQTT_BROKER": f"mqtt://localhost:{ports.MQTT_COMPONENTS}",
                "AUTH_DIR": layout.auth_dir,
                "MOSQUITTO_DATABASE": f"{layout.data_dir}/mosquitto.db",
                "MOSQUITTO_LOG": f"{layout.log_dir}/mosquitto.log",
                "TLS_SECRET": broker_tls_name(site),
            }
        ),
        "resources": as_given(defaults.RESOURCES["broker-agent"]),
        "securityContext": container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "startupProbe": {
            "httpGet": {"path": "/ready", "port": PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 3,
            "failureThreshold": FIRST_SECONDS,
        },
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": PORT},
            "periodSeconds": 10,
            "timeoutSeconds": 3,
            "failureThreshold": 3,
        },
        "volumeMounts": [data, log, *(each for mount in agent_mounts(site) for each in mount.mounts)],
    }
