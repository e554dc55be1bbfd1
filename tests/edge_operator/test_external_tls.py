"""A user's own broker with TLS, end to end: the operator and a program of the site, as the spec and its Secrets say."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from edge_operator.identity.certificates import authority_certificate
from tests.edge_operator.impersonation.party import Door, Party
from tests.edge_service.process import ServiceProcess
from tests.support.brokered import CALM
from tests.support.external_broker import ExternalBroker
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites

SITE, LOGIN, AUTHORITY = "outside", "their-login", "their-ca"
USERS = {"edge-stack": "a password of the user's own", "cam": "another password, for a device"}
DEVICE = "cam"


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@pytest.fixture(scope="module")
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Sites:
    return Sites.of(api, namespace)


@pytest.fixture(scope="module")
def brokers(sites: Sites, module_mosquitto: MosquittoFactory) -> list[ExternalBroker]:
    """The user's broker, and the one that he moves to."""
    made = [ExternalBroker(module_mosquitto(), f"{sites.namespace}/{SITE}/") for _ in range(2)]
    for each in made:
        each.set_up(USERS)
    return made


def apply(sites: Sites, broker: ExternalBroker) -> None:
    external = {
        "url": broker.url,
        "credentialsSecretRef": {"name": LOGIN},
        "caSecretRef": {"name": AUTHORITY},
    }
    sites.apply(SITE, {"devices": CALM, "broker": {"type": "External", "external": external}})


def await_reason(sites: Sites, reason: str) -> str:
    def told() -> str | None:
        condition = sites.condition(SITE, "BrokerConnected")
        return condition["message"] if condition.get("reason") == reason else None

    return str(eventually(reason, told, 30))


@pytest.fixture
def cam(brokers: list[ExternalBroker]) -> Iterator[Party]:
    """A device on the user's broker."""
    cam = Party(Door(brokers[0].broker, "mqtts", "v5"))
    assert cam.enter(DEVICE, USERS[DEVICE], DEVICE)
    yield cam
    cam.leave()


def test_authority_that_is_wrong_none_and_right(sites: Sites, brokers: list[ExternalBroker]) -> None:
    sites.put_secret(LOGIN, username="edge-stack", password=USERS["edge-stack"])
    apply(sites, brokers[0])
    assert AUTHORITY in await_reason(sites, "BrokerLoginUnusable")
    sites.put_secret(AUTHORITY, ca_crt=authority_certificate(bytes(range(1, 33)), "another"))
    message = await_reason(sites, "BrokerUntrusted")
    assert brokers[0].url.removeprefix("mqtts://") in message
    assert "ca.crt" in message
    sites.put_secret(AUTHORITY, ca_crt=brokers[0].authority)
    await_reason(sites, "Connected")
    sites.put_secret(AUTHORITY, ca_crt="no certificate")
    assert "ca.crt" in await_reason(sites, "BrokerUntrusted")
    sites.put_secret(AUTHORITY, ca_crt=brokers[0].authority)
    await_reason(sites, "Connected")


def test_device_under_the_prefix_is_reported(sites: Sites, brokers: list[ExternalBroker], cam: Party) -> None:
    path = f"/apis/edge-stack.io/v1alpha1/namespaces/{sites.namespace}/edgedevices/{DEVICE}"
    body = {"apiVersion": "edge-stack.io/v1alpha1", "kind": "EdgeDevice", "metadata": {"name": DEVICE}}
    sites.api.apply(path, {**body, "spec": {"siteRef": {"name": SITE}}}, "kubectl")

    def phase() -> Any:
        return (sites.api("GET", path).get("status") or {}).get("phase")

    eventually("it is known", lambda: phase() == "Unknown")
    cam.publish(f"devices/{DEVICE}/status", b"online", retain=True)
    cam.publish(f"{brokers[0].prefix}devices/{DEVICE}/status", b"online", retain=True)
    eventually("it is told", lambda: phase() == "Online")


def test_program_of_the_site_goes_where_its_deployment_says(
    sites: Sites, brokers: list[ExternalBroker], cam: Party, tmp_path: Path
) -> None:
    """The gateway, with the settings of its Deployment and the Secrets that are mounted there."""
    cam.subscribe(f"{brokers[0].prefix}edge/status/gateway")
    deployment = sites.child(DEPLOYMENT, f"{SITE}-gateway")
    assert deployment is not None
    pod = deployment["spec"]["template"]["spec"]
    given = {each["name"]: each.get("value", "") for each in pod["containers"][0]["env"]}
    mounted = next(each for each in pod["volumes"] if each["name"] == "credentials")["projected"]["sources"]
    for source in (each["secret"] for each in mounted):
        secret = sites.child(SECRET, source["name"])
        assert secret is not None
        for item in source["items"]:
            (tmp_path / item["path"]).write_bytes(base64.b64decode(secret["data"][item["key"]]))
    (tmp_path / "token").write_text("a token of the site that is long enough")
    taken = ("EDGE_NAMESPACE", "EDGE_SITE", "EDGE_LOCATION", "MQTT_BROKER", "MQTT_TOPIC_PREFIX")
    settings = {name: given[name] for name in taken if name in given}
    own = {
        "EDGE_CREDENTIALS_DIR": str(tmp_path),
        "STORAGE_URL": "http://127.0.0.1:9",
        "API_TOKEN_FILE": str(tmp_path / "token"),
    }
    gateway = ServiceProcess("edge_gateway", tmp_path, "gateway", settings | own).start()
    try:
        (topic, said) = eventually("the gateway says that it is there", lambda: cam.heard and cam.heard[-1], 30)
        assert topic == f"{brokers[0].prefix}edge/status/gateway"
        assert json.loads(said)["status"] == "online"
    finally:
        gateway.stop()


def test_login_that_is_rotated_is_followed(sites: Sites, brokers: list[ExternalBroker]) -> None:
    await_reason(sites, "Connected")
    rotated = {**USERS, "edge-stack": "the next password"}
    for each in brokers:
        each.change(rotated)
    await_reason(sites, "BrokerRefused")
    sites.put_secret(LOGIN, username="edge-stack", password=rotated["edge-stack"])
    await_reason(sites, "Connected")


def test_address_that_changes_is_followed(sites: Sites, brokers: list[ExternalBroker]) -> None:
    apply(sites, brokers[1])
    where = brokers[1].url.removeprefix("mqtts://")
    eventually("it is there", lambda: where in sites.condition(SITE, "BrokerConnected").get("message", ""), 30)
    assert await_reason(sites, "Connected").endswith(where)
