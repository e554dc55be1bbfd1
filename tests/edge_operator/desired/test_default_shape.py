"""What `spec: {}` becomes beside the table: probes, roll-out, volumes, further Services, budgets."""

from typing import Any

import pytest

from tests.edge_operator.desired.sites import children, container, pod

TIMEOUTS = {"timeoutSeconds": 3, "failureThreshold": 3}
LIVENESS = {"initialDelaySeconds": 30, "periodSeconds": 10, **TIMEOUTS}
READINESS = {"initialDelaySeconds": 5, "periodSeconds": 5, **TIMEOUTS}


@pytest.mark.parametrize("component", ["gateway", "processor", "storage"])
def test_own_programs_are_probed_by_http(component: str) -> None:
    main = container(component)
    assert main["livenessProbe"] == {"httpGet": {"path": "/health", "port": "http"}} | LIVENESS
    assert main["readinessProbe"] == {"httpGet": {"path": "/ready", "port": "http"}} | READINESS


def test_broker_is_probed_by_tcp_and_keeps_its_entrypoint() -> None:
    main = container("mqtt")
    assert main["livenessProbe"] == {"tcpSocket": {"port": "mqtt"}} | LIVENESS
    assert main["readinessProbe"] == {"tcpSocket": {"port": "mqtt"}} | READINESS
    assert "command" not in main
    assert "args" not in main


def agent() -> dict[str, Any]:
    (found,) = pod("mqtt")["initContainers"]
    return dict(found)


def test_broker_agent_begins_first_and_stays() -> None:
    found = agent()
    assert (found["name"], found["image"]) == ("broker-agent", "edge-stack/edge-broker-agent:1.2.3")
    assert found["restartPolicy"] == "Always"
    assert found["ports"] == [{"name": "agent", "containerPort": 8080, "protocol": "TCP"}]
    assert found["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_broker_agent_is_limited() -> None:
    assert agent()["resources"] == {
        "requests": {"cpu": "10m", "memory": "32Mi"},
        "limits": {"cpu": "100m", "memory": "64Mi"},
    }


def test_broker_waits_ten_minutes_for_the_agent_which_is_restarted_when_it_hangs() -> None:
    assert {key: value for key, value in agent().items() if key.endswith("Probe")} == {
        "startupProbe": {
            "httpGet": {"path": "/ready", "port": "agent"},
            "periodSeconds": 1,
            "timeoutSeconds": 3,
            "failureThreshold": 600,
        },
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": "agent"},
            "periodSeconds": 10,
            "timeoutSeconds": 3,
            "failureThreshold": 3,
        },
    }


def test_environment_and_mounts_of_the_broker_agent() -> None:
    assert {each["name"]: each["value"] for each in agent()["env"]} == {
        "EDGE_NAMESPACE": "plant",
        "EDGE_SITE": "factory",
        "PORT": "8080",
        "EDGE_CREDENTIALS_DIR": "/etc/edge/credentials",
        "MQTT_BROKER": "mqtt://localhost:1884",
        "AUTH_DIR": "/mosquitto/data/auth",
        "MOSQUITTO_DATABASE": "/mosquitto/data/mosquitto.db",
        "MOSQUITTO_LOG": "/mosquitto/log/mosquitto.log",
        "TLS_SECRET": "factory-mqtt-tls",
    }
    token_dir = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert agent()["volumeMounts"] == [
        {"name": "data", "mountPath": "/mosquitto/data"},
        {"name": "log", "mountPath": "/mosquitto/log"},
        {"name": "api-token", "mountPath": token_dir, "readOnly": True},
        {"name": "credentials", "mountPath": "/etc/edge/credentials", "readOnly": True},
    ]


def test_broker_agent_alone_has_a_token_and_may_signal_its_neighbour() -> None:
    assert pod("mqtt")["shareProcessNamespace"] is True
    (token,) = (each["projected"] for each in pod("mqtt")["volumes"] if each["name"] == "api-token")
    assert token["defaultMode"] == 0o440
    assert token["sources"] == [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    for component in ("gateway", "processor", "storage"):
        assert not {"initContainers", "shareProcessNamespace"} & set(pod(component))
        assert "serviceAccountToken" not in str(pod(component)["volumes"])
    assert "api-token" not in {each["name"] for each in container("mqtt")["volumeMounts"]}


@pytest.mark.parametrize(
    ("component", "strategy", "spread"),
    [
        ("gateway", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, 1),
        ("processor", {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, 1),
        ("storage", {"type": "Recreate"}, 0),
        ("mqtt", {"type": "Recreate"}, 0),
    ],
)
def test_roll_out_and_spread(component: str, strategy: dict[str, Any], spread: int) -> None:
    deployment = children()["Deployment", component]["spec"]
    assert deployment["strategy"] == strategy
    assert deployment["revisionHistoryLimit"] == 3
    constraints = pod(component).get("topologySpreadConstraints", [])
    assert len(constraints) == spread
    for constraint in constraints:
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["labelSelector"] == deployment["selector"]


def test_only_the_gateway_sleeps_before_its_end() -> None:
    assert container("gateway")["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert all("lifecycle" not in container(component) for component in ("processor", "storage", "mqtt"))


def test_volumes_of_the_site() -> None:
    sizes = {
        name: each["spec"]["resources"]["requests"]["storage"]
        for (kind, name), each in children().items()
        if kind == "PersistentVolumeClaim"
    }
    assert sizes == {"storage-data": "10Gi", "mqtt-data": "1Gi", "mqtt-log": "1Gi"}
    claim = children()["PersistentVolumeClaim", "storage-data"]["spec"]
    assert claim["accessModes"] == ["ReadWriteOnce"]
    assert "storageClassName" not in claim


def test_further_services() -> None:
    assert children()["Service", "mqtt-internal"]["spec"]["ports"] == [
        {"name": "mqtt-internal", "port": 1884, "targetPort": "mqtt-internal", "protocol": "TCP"}
    ]


def test_lost_nodes_are_tolerated_without_limit() -> None:
    assert pod("storage")["tolerations"] == [
        {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
    ]


def test_budgets_let_one_go_at_a_time() -> None:
    budgets = {name: each["spec"] for (kind, name), each in children().items() if kind == "PodDisruptionBudget"}
    assert set(budgets) == {"gateway", "processor"}
    assert budgets["gateway"]["maxUnavailable"] == 1
    assert budgets["gateway"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
