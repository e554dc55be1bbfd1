"""Every field of the spec reaches what it concerns and moves nothing else; no field is forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from tests.edge_operator.desired.sites import children

# Fields that change no child, and who reads them.
ELSEWHERE = {
    "paused": "control",
    "devices.heartbeatInterval": "the devices' reconciler",
    "devices.offlineAfter": "the devices' reconciler",
    "gateway.service.externalAddress": "the devices' Secrets and the status",
    "processor.mode": "has one value only",
    "gateway.service.nodePorts.coap": "not used yet",
    "gateway.coap.security": "not used yet",
}

# Objects named <kind>/<name> that change when the one field is given; D/ is a Deployment.
DEPLOYMENTS = {"D/gateway", "D/processor", "D/storage", "D/mqtt"}
OWN = DEPLOYMENTS - {"D/mqtt"}
TOUCHED: list[tuple[str, Any, set[str]]] = [
    ("location", "Hall 3", {"D/gateway", "D/processor"}),
    ("cloud.endpoint", "https://x.example.com", {"D/gateway", "D/processor", "NetworkPolicy/processor"}),
    ("alerting.alertmanager.url", "http://a:9093", {"D/processor", "NetworkPolicy/processor"}),
    ("alerting.webhook.url", "https://h", {"D/processor", "NetworkPolicy/processor"}),
    ("forwarding", [{"sensorType": "t", "deadband": 1}], {"D/processor", "ConfigMap/processor"}),
    ("broker.managed.image", "m:1", {"D/mqtt"}),
    ("broker.managed.storage.data", "2Gi", {"PersistentVolumeClaim/mqtt-data"}),
    ("broker.managed.storage.log", "2Gi", {"PersistentVolumeClaim/mqtt-log"}),
    ("broker.managed.resources", {"limits": {"memory": "1Gi"}}, {"D/mqtt", "ConfigMap/mqtt"}),
    ("broker.managed.tls.secretRef", {"name": "t"}, {"D/mqtt", "Role/mqtt", "Secret/mqtt-tls"}),
    (
        "broker.managed.clients",
        [{"name": "scada", "subscribe": ["alerts/#"]}],
        {"D/mqtt", "ConfigMap/mqtt", "Secret/mqtt-auth", "Secret/client-scada"},
    ),
    ("gateway.replicas", 4, {"D/gateway"}),
    ("gateway.image", "g:1", {"D/gateway"}),
    ("gateway.resources", {"limits": {"memory": "1Gi"}}, {"D/gateway"}),
    ("gateway.service.type", "NodePort", {"Service/gateway"}),
    ("gateway.service.annotations", {"a": "b"}, {"Service/gateway"}),
    ("gateway.service.loadBalancerClass", "example.com/metal", {"Service/gateway"}),
    ("gateway.service.nodePorts.http", 30080, {"Service/gateway"}),
    ("gateway.service.nodePorts.mqtt", 30081, {"Service/gateway"}),
    ("gateway.service.nodePorts.mqtts", 30082, {"Service/gateway"}),
    ("gateway.service.externalAddress", "x.example.com", {"Secret/mqtt-tls"}),
    ("gateway.apiTokens", [{"name": "t"}], {"Secret/token-t", "Secret/api-tokens"}),
    ("gateway.apiTokenRotation", 1, {"Secret/api-token", "Secret/api-tokens"}),
    ("gateway.tls.secretRef", {"name": "t"}, {"D/gateway", "Service/gateway", "NetworkPolicy/gateway"}),
    ("gateway.allowPlaintextCredentials", True, {"D/gateway"}),
    ("processor.replicas", 3, {"D/processor"}),
    ("processor.image", "p:1", {"D/processor"}),
    ("processor.resources", {"limits": {"memory": "1Gi"}}, {"D/processor"}),
    ("processor.kafka.brokers", ["k:9092"], {"D/processor", "NetworkPolicy/processor"}),
    ("processor.rules", [], {"D/processor", "ConfigMap/processor"}),
    ("storage.image", "s:1", {"D/storage"}),
    ("storage.resources", {"limits": {"memory": "1Gi"}}, {"D/storage"}),
    ("storage.size", "20Gi", {"D/storage", "PersistentVolumeClaim/storage-data"}),
    (
        "storage.storageClassName",
        "fast",
        {f"PersistentVolumeClaim/{name}" for name in ("storage-data", "mqtt-data", "mqtt-log")},
    ),
    ("storage.retention.maxAge", "24h", {"D/storage"}),
    ("storage.retention.maxSize", "1Gi", {"D/storage"}),
    (
        "storage.reclaimPolicy",
        "Delete",
        {f"PersistentVolumeClaim/{name}" for name in ("storage-data", "mqtt-data", "mqtt-log")},
    ),
    ("scheduling.profile", "MultiNode", DEPLOYMENTS),
    ("scheduling.nodeSelector", {"a": "b"}, DEPLOYMENTS),
    ("scheduling.tolerations", [{"operator": "Exists"}], DEPLOYMENTS),
    ("scheduling.affinity", {"podAffinity": {}}, DEPLOYMENTS),
    ("scheduling.priorityClassName", "high", DEPLOYMENTS),
    ("imagePullSecrets", [{"name": "pull"}], DEPLOYMENTS),
    ("podMetadata.labels", {"a": "b"}, DEPLOYMENTS),
    ("podMetadata.annotations", {"a": "b"}, DEPLOYMENTS),
]
# Fields that need others beside them; the tests further down show where they go.
TOGETHER = {
    "gateway.service.nodePorts.https",
    "cloud.credentialsSecretRef",
    "cloud.caSecretRef",
    "cloud.commands",
    "cloud.proxy.url",
    "cloud.proxy.noProxy",
    "alerting.credentialsSecretRef",
    "alerting.caSecretRef",
    "storage.syncInterval",
    "processor.kafka.topic",
    "processor.kafka.alertsTopic",
    "processor.kafka.credentialsSecretRef",
    "processor.kafka.caSecretRef",
    "broker.type",
    "broker.external.url",
    "broker.external.topicPrefix",
    "broker.external.credentialsSecretRef",
    "broker.external.credentialsSecretRefs.operator",
    "broker.external.credentialsSecretRefs.gateway",
    "broker.external.credentialsSecretRefs.processor",
    "broker.external.caSecretRef",
}
WHOLE = {"Affinity", "Resources", "SecretReference"}


def leaves(schema: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[str]:
    options = [each for each in node.get("anyOf", [node]) if each.get("type") != "null"]
    name = options[0].get("$ref", "").rpartition("/")[2]
    if not name or name in WHOLE:
        yield path
        return
    for field, child in schema["$defs"][name]["properties"].items():
        yield from leaves(schema, child, f"{path}.{field}")


def test_the_tables_cover_every_field() -> None:
    schema = EdgeSiteSpec.model_json_schema(by_alias=True)
    every = {path for field, node in schema["properties"].items() for path in leaves(schema, node, field)}
    assert {path for path, _, _ in TOUCHED} | TOGETHER | set(ELSEWHERE) == every


def given(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    spec: dict[str, Any] = value
    return spec


SINKS = {
    "cloud": {"endpoint": "https://c", "proxy": {"url": "http://p:80"}},
    "alerting": {"webhook": {"url": "https://h"}},
    "processor": {"kafka": {"brokers": ["k:9092"]}},
}
BESIDE: list[tuple[str, Any, set[str]]] = [
    ("cloud.credentialsSecretRef", {"name": "s"}, {"D/processor"}),
    ("cloud.caSecretRef", {"name": "s"}, {"D/processor"}),
    ("cloud.proxy.url", "http://p:3128", {"D/processor", "NetworkPolicy/processor"}),
    ("cloud.proxy.noProxy", ["a"], {"D/processor"}),
    ("alerting.credentialsSecretRef", {"name": "s"}, {"D/processor"}),
    ("alerting.caSecretRef", {"name": "s"}, {"D/processor"}),
    ("processor.kafka.topic", "t", {"D/processor"}),
    ("processor.kafka.alertsTopic", "t", {"D/processor"}),
    ("processor.kafka.credentialsSecretRef", {"name": "s"}, {"D/processor"}),
    ("processor.kafka.caSecretRef", {"name": "s"}, {"D/processor"}),
    ("storage.syncInterval", "5s", {"D/processor"}),
]
"""Fields of sinks, beside those that the sink needs."""


def merged(before: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    both = {key: merged(before[key], more[key]) for key in before.keys() & more.keys() if isinstance(more[key], dict)}
    return before | more | both


@pytest.mark.parametrize(("path", "value", "touched"), BESIDE, ids=[path for path, _, _ in BESIDE])
def test_field_of_a_sink_reaches_the_processor(path: str, value: Any, touched: set[str]) -> None:
    assert changed(SINKS, merged(SINKS, given(path, value))) == touched


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    old, new = children(before), children(after)
    keys = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return {f"{kind}/{name}".replace("Deployment/", "D/") for kind, name in keys}


@pytest.mark.parametrize(("path", "value", "touched"), TOUCHED, ids=[path for path, _, _ in TOUCHED])
def test_field_reaches_what_it_concerns_and_nothing_else(path: str, value: Any, touched: set[str]) -> None:
    assert changed({}, given(path, value)) == touched


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("paused", True),
        ("devices.heartbeatInterval", "1s"),
        ("devices.offlineAfter", "1h"),
        ("gateway.service", {"nodePorts": {"coap": 30083}}),
        ("gateway.coap.security", "None"),
    ],
)
def test_field_changes_no_child(path: str, value: Any) -> None:
    assert changed({}, given(path, value)) == set()
