"""Where each field of the spec goes."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from edge_operator.desired.deployment.storage import storage_deployment
from tests.edge_operator.desired.sites import FULL, children, container, environment, make_site, pod

GIB = 1024**3


def test_gateway_fields() -> None:
    values = environment("gateway", FULL)
    assert values["EDGE_LOCATION"] == "Hall 3"
    assert values["CLOUD_ENDPOINT"] == "https://cloud.example.com/edge"
    assert values["ALLOW_PLAINTEXT_CREDENTIALS"] == "true"
    assert values["HTTPS_PORT"] == "8443"
    assert values["TLS_CERT_FILE"] == "/etc/edge/tls/tls.crt"
    main = container("gateway", FULL)
    assert main["image"] == "mirror.example.com/gateway:9"
    assert main["resources"] == {"requests": {"cpu": 1, "memory": "128Mi"}, "limits": {"cpu": 1, "memory": "1Gi"}}
    assert {"name": "https", "containerPort": 8443, "protocol": "TCP"} in main["ports"]
    items = [{"key": key, "path": key} for key in ("tls.crt", "tls.key")]
    tls = {"defaultMode": 0o440, "sources": [{"secret": {"name": "gateway-tls", "items": items}}]}
    assert {"name": "tls", "projected": tls} in pod("gateway", FULL)["volumes"], "no other key of the user's Secret"


def test_a_value_is_not_expanded() -> None:
    values = environment("gateway", {"location": "$(EDGE_SITE) $$5"})
    assert values["EDGE_LOCATION"] == "$$(EDGE_SITE) $$$$5"


def test_gateway_service_fields() -> None:
    service = children(FULL)["Service", "gateway"]
    assert service["metadata"]["annotations"] == {"example.com/pool": "edge"}
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["spec"]["loadBalancerClass"] == "example.com/metal"
    assert [(each["name"], each["port"], each["nodePort"]) for each in service["spec"]["ports"]] == [
        ("http", 80, 30080),
        ("https", 443, 30443),
        ("mqtt", 1883, 31883),
        ("mqtts", 8883, 31884),
    ]


def test_processor_fields() -> None:
    values = environment("processor", FULL)
    assert values["OUTPUT_SINK"] == "kafka://b1:9092,b2:9093"
    assert values["KAFKA_TOPIC"] == "readings"
    assert values["KAFKA_CREDENTIALS_DIR"] == "/etc/edge/kafka"
    assert values["KAFKA_ALERTS_TOPIC"] == "readings-alerts"
    assert values["SYNC_INTERVAL"] == "10s"
    assert values["CLOUD_ENDPOINT"] == "https://cloud.example.com/edge"
    assert values["CLOUD_CREDENTIALS_DIR"] == "/etc/edge/cloud"
    assert values["HTTPS_PROXY"] == "http://proxy.example.com:3128"
    assert values["NO_PROXY"] == ".example.org,10.0.0.1"
    assert values["ALERTMANAGER_URL"] == "http://alertmanager.example.com:9093"
    assert values["WEBHOOK_URL"] == "https://hooks.example.com/edge?key=1"
    assert values["ALERTING_CREDENTIALS_DIR"] == "/etc/edge/alerting"
    assert values["FORWARDING_FILE"] == "/etc/edge/rules/forwarding.json"


def test_processor_sends_the_commands_of_the_cloud_to_the_gateway_if_they_are_enabled() -> None:
    spec = {"cloud": {"endpoint": "https://c", "commands": "Enabled"}}
    values = environment("processor", spec)
    assert values["CLOUD_COMMANDS"] == "true"
    assert values["GATEWAY_URL"] == "http://factory-gateway"
    assert values["GATEWAY_TOKEN_FILE"] == "/etc/edge/cloud-token/token"
    volume = {"name": "cloud-token", "secret": {"secretName": "factory-cloud-token", "defaultMode": 0o440}}
    assert volume in pod("processor", spec)["volumes"]
    disabled = {"cloud": {"endpoint": "https://c", "commands": "Disabled"}}
    assert all(each["name"] != "cloud-token" for each in pod("processor", disabled)["volumes"])


@pytest.mark.parametrize("sink", ["kafka", "cloud", "alerting"])
def test_secrets_of_a_sink_are_one_directory_and_may_be_missing(sink: str) -> None:
    """A pod that waits for a Secret of a sink would store nothing."""
    volume = next(each for each in pod("processor", FULL)["volumes"] if each["name"] == sink)
    found = [(each["secret"]["name"], each["secret"]["optional"]) for each in volume["projected"]["sources"]]
    assert found == [(f"{sink}-login", True), (f"{sink}-ca", True)]
    mounts = {each["name"]: each["mountPath"] for each in container("processor", FULL)["volumeMounts"]}
    assert mounts[sink] == f"/etc/edge/{sink}"
    for component in ("gateway", "storage", "mqtt"):
        assert all(each["name"] != sink for each in pod(component, FULL)["volumes"])


def test_secrets_of_the_broker_may_not_be_missing() -> None:
    reference = {"url": "mqtt://b", "credentialsSecretRef": {"name": "mine"}}
    spec = {"broker": {"type": "External", "external": reference}}
    volume = next(each for each in pod("processor", spec)["volumes"] if each["name"] == "credentials")
    assert "optional" not in volume["projected"]["sources"][0]["secret"]


SINK_VARIABLES = ("CLOUD_", "KAFKA_", "OUTPUT_", "ALERT", "WEBHOOK_", "SYNC_", "HTTPS_PROXY", "NO_PROXY", "GATEWAY_")


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ({}, set()),
        ({"cloud": {"endpoint": "mqtts://c"}}, {"CLOUD_ENDPOINT", "SYNC_INTERVAL"}),
        (
            {"cloud": {"endpoint": "mqtts://c", "commands": "Enabled"}},
            {"CLOUD_ENDPOINT", "SYNC_INTERVAL", "CLOUD_COMMANDS", "GATEWAY_URL", "GATEWAY_TOKEN_FILE"},
        ),
        (
            {"processor": {"kafka": {"brokers": ["k:1"]}}},
            {"OUTPUT_SINK", "KAFKA_TOPIC", "KAFKA_ALERTS_TOPIC", "SYNC_INTERVAL"},
        ),
        ({"alerting": {"alertmanager": {"url": "http://a"}}}, {"ALERTMANAGER_URL", "SYNC_INTERVAL"}),
        ({"alerting": {"webhook": {"url": "http://a"}}}, {"WEBHOOK_URL", "SYNC_INTERVAL"}),
    ],
)
def test_processor_has_the_variables_of_its_sinks_only(spec: dict[str, Any], names: set[str]) -> None:
    assert {name for name in environment("processor", spec) if name.startswith(SINK_VARIABLES)} == names


def test_store_has_no_variable_of_a_sink() -> None:
    assert [name for name in environment("storage", FULL) if name.startswith(SINK_VARIABLES)] == []


def test_what_is_forwarded_is_a_file_beside_the_rules() -> None:
    files = children(FULL)["ConfigMap", "processor"]["data"]
    assert json.loads(files["forwarding.json"]) == {"forwarding": FULL["forwarding"]}
    assert set(children()["ConfigMap", "processor"]["data"]) == {"rules.json"}


def rules(spec: dict[str, Any]) -> Any:
    return json.loads(children(spec)["ConfigMap", "processor"]["data"]["rules.json"])["rules"]


def test_rules_default_and_are_replaced_even_by_none() -> None:
    assert [(each["sensorType"], each["above"]) for each in rules({})] == [
        ("temperature", 80),
        ("pressure", 200000),
        ("humidity", 90),
    ]
    assert rules({"processor": {"rules": []}}) == []
    assert rules(FULL) == FULL["processor"]["rules"]


def test_storage_fields() -> None:
    values = environment("storage", FULL)
    assert values["RETENTION_MAX_BYTES"] == str(50 * GIB)
    assert values["RETENTION_MAX_AGE"] == "720h"


@pytest.mark.parametrize(
    ("size", "kept"),
    [("10Gi", 9126805504), (1000, 850), ("1k", 850), ("3", 2), ("1e3", 850)],
)
def test_store_keeps_85_percent_of_its_volume(size: int | str, kept: int) -> None:
    assert environment("storage", {"storage": {"size": size}})["RETENTION_MAX_BYTES"] == str(kept)


@pytest.mark.parametrize(
    ("storage", "volume", "kept"),
    [
        pytest.param({"size": "20Gi"}, 10 * GIB, int(8.5 * GIB), id="larger size is not granted"),
        pytest.param({"size": "10Gi"}, 20 * GIB, 17 * GIB, id="created again over a larger volume"),
        pytest.param({"size": "20Gi", "retention": {"maxSize": "9.5Gi"}}, 10 * GIB, int(9.5 * GIB), id="fits"),
        pytest.param({"size": "20Gi", "retention": {"maxSize": "10Gi"}}, 10 * GIB, 10 * GIB, id="just fits"),
        pytest.param({"size": "20Gi", "retention": {"maxSize": "18Gi"}}, 10 * GIB, int(8.5 * GIB), id="does not fit"),
        pytest.param({"size": "20Gi", "retention": {"maxSize": "18Gi"}}, None, 18 * GIB, id="no volume yet"),
    ],
)
def test_limit_of_the_store_follows_the_volume(storage: dict[str, Any], volume: int | None, kept: int) -> None:
    deployment = storage_deployment(replace(make_site({"storage": storage}), storage_bytes=volume))
    variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {each["name"]: each["value"] for each in variables}["RETENTION_MAX_BYTES"] == str(kept)


def test_scheduling_fields_reach_every_pod() -> None:
    for component in ("gateway", "processor", "storage", "mqtt"):
        spec = pod(component, FULL)
        assert spec["nodeSelector"] == {"zone": "floor"}
        assert spec["affinity"] == FULL["scheduling"]["affinity"]
        assert spec["priorityClassName"] == "site-critical"
        assert spec["imagePullSecrets"] == [{"name": "pull"}]
        assert [(each["key"], each.get("tolerationSeconds")) for each in spec["tolerations"]] == [
            ("node.kubernetes.io/unreachable", 300),
            ("node.kubernetes.io/not-ready", 300),
            ("dedicated", None),
        ]


def test_own_pod_labels_win() -> None:
    labels = {"app.kubernetes.io/name": "other", "edge-stack.io/site": "other", "team": "ot"}
    annotations = {"edge-stack.io/config-hash": "0", "note": "kept"}
    spec = {"podMetadata": {"labels": labels, "annotations": annotations}}
    head = children(spec)["Deployment", "gateway"]["spec"]["template"]["metadata"]
    assert head["labels"]["app.kubernetes.io/name"] == "edge-gateway"
    assert head["labels"]["edge-stack.io/site"] == "factory"
    assert head["labels"]["team"] == "ot"
    assert head["annotations"]["note"] == "kept"
    assert len(head["annotations"]["edge-stack.io/config-hash"]) == 32


def test_client_secret_says_where_to_connect() -> None:
    data = children(FULL)["Secret", "client-grafana"]["data"]
    values = {key: base64.b64decode(value).decode() for key, value in data.items()}
    assert len(values.pop("password")) == 43
    assert values == {
        "username": "~grafana",
        "host": "factory-mqtt.plant.svc",
        "port": "1883",
        "url": "mqtt://factory-mqtt.plant.svc:1883",
    }
