"""What each component's container finds where, and what it may write to."""

import re
from dataclasses import replace
from typing import Any

import pytest

from edge_operator.desired.deployment.processor import processor_deployment
from tests.edge_operator.desired.sites import FULL, children, container, make_site, pod

READ = 0o440
"""Of files: they are root's, and the pod's group may read them."""


def items(*keys: str) -> dict[str, Any]:
    return {"items": [{"key": key, "path": key} for key in keys]}


def projected(*sources: dict[str, Any]) -> dict[str, Any]:
    return {"projected": {"defaultMode": READ, "sources": [{"secret": each} for each in sources]}}


def login(name: str) -> dict[str, Any]:
    return {"name": name} | items("username", "password")


def authority(name: str) -> dict[str, Any]:
    return {"name": name} | items("ca.crt")


def of_claim(name: str) -> dict[str, Any]:
    return {"persistentVolumeClaim": {"claimName": name}}


OPTIONAL = {"optional": True}


def token_or_login(name: str) -> dict[str, Any]:
    """Return the source with the keys of an HTTP login; the kubelet skips those that the Secret does not have."""
    return {"name": name} | items("token", "username", "password") | OPTIONAL


TMP = {"emptyDir": {"sizeLimit": "64Mi"}}
VOLUMES: dict[tuple[str, str], dict[str, Any]] = {
    ("gateway", "/etc/edge/credentials"): projected(login("factory-gateway-credentials")),
    ("gateway", "/etc/edge/api-tokens"): {"secret": {"secretName": "factory-api-tokens", "defaultMode": READ}},
    ("gateway", "/etc/edge/cloud-token"): {"secret": {"secretName": "factory-cloud-token", "defaultMode": READ}},
    ("gateway", "/etc/edge/tls"): projected({"name": "gateway-tls"} | items("tls.crt", "tls.key")),
    ("gateway", "/tmp"): TMP,
    ("processor", "/etc/edge/credentials"): projected(login("factory-processor-credentials")),
    ("processor", "/etc/edge/cloud-token"): {"secret": {"secretName": "factory-cloud-token", "defaultMode": READ}},
    ("processor", "/etc/edge/rules"): {"configMap": {"name": "factory-processor", "defaultMode": READ}},
    ("processor", "/etc/edge/kafka"): projected(login("kafka-login") | OPTIONAL, authority("kafka-ca") | OPTIONAL),
    ("processor", "/etc/edge/cloud"): projected(token_or_login("cloud-login"), authority("cloud-ca") | OPTIONAL),
    ("processor", "/etc/edge/alerting"): projected(
        token_or_login("alerting-login"), authority("alerting-ca") | OPTIONAL
    ),
    ("processor", "/tmp"): TMP,
    ("storage", "/data"): of_claim("factory-storage-data"),
    ("storage", "/etc/edge/credentials"): projected(login("factory-storage-credentials")),
    ("storage", "/tmp"): TMP,
    ("mqtt", "/mosquitto/config/mosquitto.conf"): {
        "configMap": {"name": "factory-mqtt", "defaultMode": READ} | items("mosquitto.conf", "acl")
    },
    ("mqtt", "/mosquitto/config/acl"): {
        "configMap": {"name": "factory-mqtt", "defaultMode": READ} | items("mosquitto.conf", "acl")
    },
    ("mqtt", "/mosquitto/data"): of_claim("factory-mqtt-data"),
    ("mqtt", "/mosquitto/log"): of_claim("factory-mqtt-log"),
    ("mqtt", "/tmp"): TMP,
}
WRITABLE = {"/tmp", "/data", "/mosquitto/data", "/mosquitto/log"}


@pytest.mark.parametrize("component", ["gateway", "processor", "storage", "mqtt"])
def test_what_is_mounted_where(component: str) -> None:
    volumes = {
        each["name"]: {key: each[key] for key in each if key != "name"} for each in pod(component, FULL)["volumes"]
    }
    assert all(re.fullmatch("[a-z][-a-z]*", name) for name in volumes), "the API server refuses others"
    mounts = container(component, FULL)["volumeMounts"]
    found = {(component, each["mountPath"]): volumes[each["name"]] for each in mounts}
    assert found == {key: volume for key, volume in VOLUMES.items() if key[0] == component}
    assert {each["mountPath"] for each in mounts if not each.get("readOnly", False)} == WRITABLE & {
        each["mountPath"] for each in mounts
    }


@pytest.mark.parametrize("usable", [set(), {"cloud-ca", "alerting-login"}])
def test_secrets_of_sinks_without_the_label_are_not_mounted(usable: set[str]) -> None:
    """Who may edit a site, but not read Secrets, could have any Secret sent to a host of his."""
    deployment = processor_deployment(replace(make_site(FULL), usable_secrets=frozenset(usable)))
    spec = deployment["spec"]["template"]["spec"]
    sources = {each["name"]: each["projected"]["sources"] for each in spec["volumes"] if "projected" in each}
    sinks = [sources[name] for name in ("kafka", "cloud", "alerting")]
    assert {each["secret"]["name"] for found in sinks for each in found} == usable
    environment = {each["name"]: each["value"] for each in spec["containers"][0]["env"]}
    assert environment["CLOUD_CREDENTIALS_DIR"] == "/etc/edge/cloud", "the directory is empty"


@pytest.mark.parametrize(("claim", "size"), [("storage-data", "100Gi"), ("mqtt-data", "2Gi"), ("mqtt-log", "512Mi")])
def test_claim_has_the_size_and_the_class_that_were_asked_for(claim: str, size: str) -> None:
    assert children(FULL)["PersistentVolumeClaim", claim]["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "storageClassName": "fast",
    }
