"""What `spec: {}` becomes: the table of the four components, field by field."""

from typing import Any

import pytest

from edge_operator.desired.components import components
from tests.edge_operator.desired.sites import children, container, environment, make_site, pod

COMPONENTS = ("gateway", "processor", "storage", "mqtt")
TABLE: dict[str, dict[str, Any]] = {
    "gateway": {
        "replicas": 3,
        "image": "edge-stack/edge-gateway:1.2.3",
        "ports": ["http 8080/TCP", "mqtt 1883/TCP", "mqtts 8883/TCP"],
        "service": ["http 80>http/TCP", "mqtt 1883>mqtt/TCP", "mqtts 8883>mqtts/TCP"],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "200m", "memory": "256Mi"},
        },
        "mounts": {"/etc/edge/credentials", "/etc/edge/api-tokens", "/tmp"},
        "user": 65532,
        "grace": 30,
    },
    "processor": {
        "replicas": 2,
        "image": "edge-stack/edge-processor:1.2.3",
        "ports": ["http 8080/TCP"],
        "service": ["metrics 8080>http/TCP"],
        "resources": {
            "requests": {"cpu": "200m", "memory": "256Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi"},
        },
        "mounts": {"/etc/edge/credentials", "/etc/edge/rules", "/tmp"},
        "user": 65532,
        "grace": 30,
    },
    "storage": {
        "replicas": 1,
        "image": "edge-stack/edge-storage:1.2.3",
        "ports": ["http 8080/TCP", "ingest 8081/TCP"],
        "service": ["http 8080>http/TCP", "ingest 8081>ingest/TCP"],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "200m", "memory": "256Mi"},
        },
        "mounts": {"/data", "/etc/edge/credentials", "/tmp"},
        "user": 65532,
        "grace": 60,
    },
    "mqtt": {
        "replicas": 1,
        "image": "docker.io/library/eclipse-mosquitto:2.1.2-alpine",
        "ports": ["mqtt 1883/TCP", "ws 9001/TCP", "mqtts 8883/TCP", "mqtt-internal 1884/TCP"],
        "service": ["mqtt 1883>mqtt/TCP", "ws 9001>ws/TCP", "mqtts 8883>mqtts/TCP"],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "100m", "memory": "128Mi"},
        },
        "mounts": {
            "/mosquitto/config/mosquitto.conf",
            "/mosquitto/config/acl",
            "/mosquitto/data",
            "/mosquitto/log",
            "/tmp",
        },
        "user": 1883,
        "grace": 60,
    },
}
COMMON = {
    "EDGE_NAMESPACE": "plant",
    "EDGE_SITE": "factory",
    "PORT": "8080",
    "MQTT_TOPIC_PREFIX": "",
    "EDGE_CREDENTIALS_DIR": "/etc/edge/credentials",
}
ENVIRONMENT = {
    "gateway": COMMON
    | {
        "EDGE_LOCATION": "factory",
        "MQTT_BROKER": "mqtt://factory-mqtt-internal:1884",
        "DEVICE_MQTT_BROKER": "mqtt://factory-mqtt:1883",
        "DEVICE_MQTTS_BROKER": "mqtts://factory-mqtt:8883",
        "STORAGE_URL": "http://factory-storage:8080",
        "API_TOKENS_FILE": "/etc/edge/api-tokens/tokens.json",
        "ALLOW_PLAINTEXT_CREDENTIALS": "false",
    },
    "processor": COMMON
    | {
        "EDGE_LOCATION": "factory",
        "PROCESSING_MODE": "real-time",
        "DATA_SOURCE": "mqtt://factory-mqtt-internal:1884",
        "STORAGE_URL": "http://factory-storage:8080",
        "RULES_FILE": "/etc/edge/rules/rules.json",
    },
    "storage": COMMON
    | {
        "INGEST_PORT": "8081",
        "STORAGE_TYPE": "local",
        "STORAGE_PATH": "/data",
        "MQTT_BROKER": "mqtt://factory-mqtt-internal:1884",
        "RETENTION_MAX_BYTES": str(int(10 * 1024**3 * 0.85)),
    },
    "mqtt": {"MQTT_PORT": "1883", "MQTT_WS_PORT": "9001"},
}


@pytest.mark.parametrize("component", COMPONENTS)
def test_component_is_as_the_table_says(component: str) -> None:
    expected = TABLE[component]
    deployment = children()["Deployment", component]["spec"]
    main = container(component)
    assert deployment["replicas"] == expected["replicas"]
    assert main["name"] == component
    assert main["image"] == expected["image"]
    assert [f"{each['name']} {each['containerPort']}/{each['protocol']}" for each in main["ports"]] == expected["ports"]
    assert main["resources"] == expected["resources"]
    assert {each["mountPath"] for each in main["volumeMounts"]} == expected["mounts"]
    assert pod(component)["terminationGracePeriodSeconds"] == expected["grace"]
    security = pod(component)["securityContext"]
    assert {security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {expected["user"]}


@pytest.mark.parametrize("component", COMPONENTS)
def test_service_is_as_the_table_says(component: str) -> None:
    service = children()["Service", component]["spec"]
    listed = [f"{each['name']} {each['port']}>{each['targetPort']}/{each['protocol']}" for each in service["ports"]]
    assert listed == TABLE[component]["service"]
    assert service["type"] == "ClusterIP"


@pytest.mark.parametrize("component", COMPONENTS)
def test_environment_is_as_the_table_says(component: str) -> None:
    assert environment(component) == ENVIRONMENT[component]


def test_components_for_the_status() -> None:
    listed = [(each.name, each.replicas, each.image) for each in components(make_site())]
    assert listed == [(name, TABLE[name]["replicas"], TABLE[name]["image"]) for name in COMPONENTS]
