"""A broker that the user runs: its address, its login and its prefix reach every component."""

from typing import Any

import pytest

from tests.edge_operator.desired.sites import EXTERNAL, environment, pod

LOGIN_SECRET = {"secret": {"name": "mine", "items": [{"key": k, "path": k} for k in ("username", "password")]}}
CA_SECRET = {"secret": {"name": "ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}


@pytest.mark.parametrize(
    ("external", "url", "prefix"),
    [
        ({"url": "tcp://b.example.com:1884"}, "mqtt://b.example.com:1884", "plant/factory/"),
        ({"url": "mqtts://b.example.com", "topicPrefix": ""}, "mqtts://b.example.com", ""),
        ({"url": "mqtt://b", "topicPrefix": "north/"}, "mqtt://b", "north/"),
    ],
)
def test_external_broker_url_and_prefix(external: dict[str, Any], url: str, prefix: str) -> None:
    spec = {"broker": {"type": "External", "external": external}}
    assert environment("gateway", spec)["MQTT_BROKER"] == url
    assert environment("processor", spec)["DATA_SOURCE"] == url
    assert environment("storage", spec)["MQTT_BROKER"] == url
    for component in ("gateway", "processor", "storage"):
        assert environment(component, spec)["MQTT_TOPIC_PREFIX"] == prefix
    passed_on = {key: value for key, value in environment("gateway", spec).items() if key.startswith("DEVICE_")}
    assert passed_on == {"DEVICE_MQTTS_BROKER" if url.startswith("mqtts") else "DEVICE_MQTT_BROKER": url}


@pytest.mark.parametrize(
    ("references", "sources"),
    [
        ({"credentialsSecretRef": {"name": "mine"}}, [LOGIN_SECRET]),
        ({"caSecretRef": {"name": "ca"}}, [CA_SECRET]),
        ({"credentialsSecretRef": {"name": "mine"}, "caSecretRef": {"name": "ca"}}, [LOGIN_SECRET, CA_SECRET]),
    ],
)
def test_external_broker_credentials_take_the_place_of_ours(
    references: dict[str, Any], sources: list[dict[str, Any]]
) -> None:
    spec = {"broker": {"type": "External", "external": {"url": "mqtt://b"} | references}}
    for component in ("gateway", "processor", "storage"):
        volume = next(each for each in pod(component, spec)["volumes"] if each["name"] == "credentials")
        assert volume["projected"]["sources"] == sources
        assert environment(component, spec)["EDGE_CREDENTIALS_DIR"] == "/etc/edge/credentials"


def test_component_with_a_login_of_its_own_mounts_it_and_the_others_the_common_one() -> None:
    logins = {"gateway": {"name": "for-gateway"}, "operator": {"name": "for-operator"}}
    external = {"url": "mqtt://b", "credentialsSecretRef": {"name": "mine"}, "credentialsSecretRefs": logins}
    spec = {"broker": {"type": "External", "external": external}}
    for component, name in {"gateway": "for-gateway", "processor": "mine", "storage": "mine"}.items():
        volume = next(each for each in pod(component, spec)["volumes"] if each["name"] == "credentials")
        assert [each["secret"]["name"] for each in volume["projected"]["sources"]] == [name]


def test_login_of_the_operator_alone_is_mounted_nowhere() -> None:
    external = {"url": "mqtt://b", "credentialsSecretRefs": {"operator": {"name": "for-operator"}}}
    spec = {"broker": {"type": "External", "external": external}}
    for component in ("gateway", "processor", "storage"):
        assert all(each["name"] != "credentials" for each in pod(component, spec)["volumes"])


def test_external_broker_without_credentials_mounts_none() -> None:
    spec = {"broker": EXTERNAL}
    assert "EDGE_CREDENTIALS_DIR" not in environment("gateway", spec)
    assert all(each["name"] != "credentials" for each in pod("gateway", spec)["volumes"])
