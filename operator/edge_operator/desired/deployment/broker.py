"""The Deployment of the managed broker: Mosquitto, started as its image starts it."""

from edge_operator.desired import components, ports
from edge_operator.desired.config_map.broker import ACL_KEY, CONF_KEY, broker_config_map
from edge_operator.desired.config_map.mosquitto import BrokerLayout
from edge_operator.desired.deployment.broker_agent import agent_container, agent_mounts
from edge_operator.desired.deployment.mounts import Mount, claim, config_files
from edge_operator.desired.deployment.probes import tcp_probes
from edge_operator.desired.deployment.workload import Workload, container_port, deployment
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name
from edge_operator.desired.volume_claim import MQTT_DATA, MQTT_LOG

MOSQUITTO_USER = 1883
GRACE_SECONDS = 60
"""At its end it publishes every will and saves its queues."""


def broker_deployment(site: SiteInput) -> Manifest | None:
    """Return the Deployment of the broker; None when the user runs it."""
    component = components.mqtt(site)
    if component is None:
        return None
    workload = Workload(
        component=component,
        ports=[
            container_port("mqtt", ports.MQTT),
            container_port("ws", ports.MQTT_WEBSOCKETS),
            container_port("mqtts", ports.MQTTS),
            container_port("mqtt-internal", ports.MQTT_COMPONENTS),
        ],
        environment={"MQTT_PORT": str(ports.MQTT), "MQTT_WS_PORT": str(ports.MQTT_WEBSOCKETS)},
        mounts=_mounts(site),
        probes=tcp_probes("mqtt"),
        reads=[broker_config_map(site)],
        grace_seconds=GRACE_SECONDS,
        user=MOSQUITTO_USER,
        sidecars=[agent_container(site)],
        sidecar_mounts=agent_mounts(site),
    )
    return deployment(site, workload)


def _mounts(site: SiteInput) -> list[Mount | None]:
    """Real files, because Mosquitto 2.1 does not follow symlinks; the agent writes logins and certificate."""
    layout = BrokerLayout()
    files = {key: f"{layout.config_dir}/{key}" for key in (CONF_KEY, ACL_KEY)}
    return [
        config_files("config", child_name(site, components.MQTT), files),
        claim("data", child_name(site, MQTT_DATA), layout.data_dir),
        claim("log", child_name(site, MQTT_LOG), layout.log_dir),
    ]
