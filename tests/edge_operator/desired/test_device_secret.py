"""The Secret of a device: what a device, or who sets it up, takes from it."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from edge_operator.desired.inputs import DeviceInput, DeviceLogin, Manifest
from edge_operator.desired.secret.device import device_secret
from edge_operator.identity.logins import device_login
from edge_operator.identity.oscore import oscore_context
from tests.edge_operator.desired.sites import ROOT

DEVICE = DeviceInput(
    name="pump",
    namespace="plant",
    uid="uid-7",
    site="factory",
    login=DeviceLogin("pump-1", 2),
    secret_name="pump-login",
    annotations={"edge-stack.io/rotation": "2"},
    host="edge.example.com",
    port=8883,
    authority="the authority's PEM",
    root=ROOT,
)


def values(secret: Manifest) -> dict[str, str]:
    return {key: base64.b64decode(value, validate=True).decode() for key, value in secret["data"].items()}


def test_secret_has_the_address_and_the_authority() -> None:
    given = values(device_secret(DEVICE))
    assert json.loads(given.pop("oscore.json")) == json.loads(oscore_context(ROOT, "pump-1", 2))
    assert given == {
        "username": "pump-1",
        "password": device_login(ROOT, "pump-1", 2).password,
        "host": "edge.example.com",
        "port": "8883",
        "url": "mqtts://edge.example.com:8883",
        "ca.crt": "the authority's PEM",
    }


def test_next_password_is_beside_the_one_that_the_broker_accepts_until_the_switch() -> None:
    given = values(device_secret(replace(DEVICE, next_rotation=3, switch_time="2026-07-01T12:05:00Z")))
    assert given["password"] == device_login(ROOT, "pump-1", 2).password
    assert given["nextPassword"] == device_login(ROOT, "pump-1", 3).password
    assert given["switchTime"] == "2026-07-01T12:05:00Z"


def test_secret_goes_with_its_device_and_is_found_by_its_site() -> None:
    secret = device_secret(DEVICE)
    assert (secret["apiVersion"], secret["kind"], secret["type"]) == ("v1", "Secret", "Opaque")
    assert secret["metadata"] == {
        "name": "pump-login",
        "namespace": "plant",
        "labels": {
            "app.kubernetes.io/name": "edge-device",
            "app.kubernetes.io/instance": "factory",
            "app.kubernetes.io/component": "device",
            "app.kubernetes.io/part-of": "edge-stack",
            "app.kubernetes.io/managed-by": "edge-stack",
            "edge-stack.io/site": "factory",
        },
        "annotations": {"edge-stack.io/rotation": "2"},
        "ownerReferences": [
            {
                "apiVersion": "edge-stack.io/v1alpha1",
                "kind": "EdgeDevice",
                "name": "pump",
                "uid": "uid-7",
                "controller": True,
            }
        ],
    }


@pytest.mark.parametrize(
    ("change", "url"),
    [
        pytest.param({"host": "192.0.2.7"}, "mqtts://192.0.2.7:8883", id="IPv4"),
        pytest.param({"host": "2001:db8::7"}, "mqtts://[2001:db8::7]:8883", id="IPv6"),
        pytest.param({"port": 31884}, "mqtts://edge.example.com:31884", id="port of a node"),
    ],
)
def test_url_of_the_broker(change: dict[str, Any], url: str) -> None:
    device = replace(DEVICE, **change)
    given = values(device_secret(device))
    assert given["url"] == url
    assert (given["host"], given["port"]) == (device.host, str(device.port)), "without brackets: no part of a URL"


def test_url_for_https_is_there_if_the_gateway_has_a_certificate() -> None:
    assert "httpsUrl" not in device_secret(DEVICE)["data"]
    given = values(device_secret(replace(DEVICE, https="https://edge.example.com:443")))
    assert given["httpsUrl"] == "https://edge.example.com:443"


def test_no_authority_where_the_certificate_is_of_a_public_one() -> None:
    assert "ca.crt" not in device_secret(replace(DEVICE, authority=None))["data"]


def test_neither_root_nor_password_is_shown() -> None:
    login = replace(DEVICE.login, user_password="secret")
    assert "secret=" not in repr(login)
    assert "user_password" not in repr(login), "what is logged must not let anybody in"
    assert repr(ROOT) not in repr(replace(DEVICE, login=login))
