"""The token of the cloud's commands: made and mounted only if the cloud may send commands."""

import base64
from typing import Any

import pytest

from edge_operator.identity import derive
from tests.edge_operator.desired.sites import ROOT, children, container, pod

CLOUD: dict[str, Any] = {"endpoint": "https://cloud.example.com/edge"}
ENABLED: dict[str, Any] = {"cloud": CLOUD | {"commands": "Enabled"}}
NOT_ENABLED: dict[str, dict[str, Any]] = {
    "no cloud": {},
    "default": {"cloud": CLOUD},
    "disabled": {"cloud": CLOUD | {"commands": "Disabled"}},
}
SECRET = ("Secret", "cloud-token")
NAMES = {"gateway": "CLOUD_TOKEN_FILE", "processor": "GATEWAY_TOKEN_FILE"}


def environment(component: str, spec: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(component, spec)["env"]}


def volumes(component: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in pod(component, spec)["volumes"]}


@pytest.mark.parametrize("spec", NOT_ENABLED.values(), ids=NOT_ENABLED)
def test_without_commands_there_is_no_token(spec: dict[str, Any]) -> None:
    assert SECRET not in children(spec)
    for component, name in NAMES.items():
        assert "cloud-token" not in volumes(component, spec)
        assert name not in environment(component, spec)
    assert "CLOUD_COMMANDS" not in environment("processor", spec)


def test_the_token_derives_from_the_root_key_and_is_not_the_api_token() -> None:
    token = base64.b64decode(children(ENABLED)[SECRET]["data"]["token"]).decode()
    assert token == derive.cloud_token(ROOT) != derive.api_token(ROOT)


@pytest.mark.parametrize(("component", "name"), NAMES.items())
def test_gateway_and_processor_read_it_and_the_others_do_not(component: str, name: str) -> None:
    volume = volumes(component, ENABLED)["cloud-token"]
    assert volume["secret"]["secretName"] == "factory-cloud-token"
    (mount,) = (each for each in container(component, ENABLED)["volumeMounts"] if each["name"] == "cloud-token")
    assert (mount["mountPath"], mount["readOnly"]) == ("/etc/edge/cloud-token", True)
    assert environment(component, ENABLED)[name] == "/etc/edge/cloud-token/token"
    for other in ("storage", "mqtt"):
        assert "cloud-token" not in volumes(other, ENABLED)


def test_the_processor_finds_the_gateway() -> None:
    values = environment("processor", ENABLED)
    assert (values["CLOUD_COMMANDS"], values["GATEWAY_URL"]) == ("true", "http://factory-gateway")
    policy = children(ENABLED)["NetworkPolicy", "processor"]["spec"]["egress"]
    gateway = [rule for rule in policy if "gateway" in str(rule.get("to"))]
    assert [rule["ports"] for rule in gateway] == [[{"protocol": "TCP", "port": 8080}]]
