"""A broker of the user that ties the client id to the login: Mosquitto, operator and gateway, one login and two."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from tests.edge_service.process import ServiceProcess
from tests.support.brokered import CALM
from tests.support.external_broker import ExternalBroker
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites

SITE, SHARED, OWN = "tied", "shared-login", "operator-login"
USERS = {"edge-stack": "a password that all of them use", "edge-operator": "a password of the operator alone"}
WATCHED_SECONDS = 25.0
"""About as long as 12 status writes took before the operator waited."""


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@pytest.fixture(scope="module")
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Sites:
    return Sites.of(api, namespace)


@pytest.fixture(scope="module")
def broker(sites: Sites, module_mosquitto: MosquittoFactory) -> ExternalBroker:
    made = ExternalBroker(module_mosquitto(), f"{sites.namespace}/{SITE}/")
    made.set_up(USERS, ties_client_ids=True)
    return made


@pytest.fixture(scope="module")
def gateway(sites: Sites, broker: ExternalBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A gateway of the site, with the login that the operator has too."""
    directory: Path = tmp_path_factory.mktemp("gateway")
    for name, text in {"username": "edge-stack", "password": USERS["edge-stack"], "ca.crt": broker.authority}.items():
        (directory / name).write_text(text)
    (directory / "token").write_text("a token of the site that is long enough")
    settings = {
        "EDGE_NAMESPACE": sites.namespace,
        "EDGE_SITE": SITE,
        "MQTT_BROKER": broker.url,
        "MQTT_TOPIC_PREFIX": broker.prefix,
        "EDGE_CREDENTIALS_DIR": str(directory),
        "STORAGE_URL": "http://127.0.0.1:9",
        "API_TOKEN_FILE": str(directory / "token"),
    }
    process = ServiceProcess("edge_gateway", directory, "gateway", settings).start()
    yield process
    process.stop()


def apply(sites: Sites, broker: ExternalBroker, **logins: object) -> None:
    external = {"url": broker.url, "credentialsSecretRef": {"name": SHARED}, "caSecretRef": {"name": "ca"}, **logins}
    sites.apply(SITE, {"devices": CALM, "broker": {"type": "External", "external": external}})


def await_reason(sites: Sites, reason: str, seconds: float = 30.0) -> str:
    def told() -> str | None:
        condition = sites.condition(SITE, "BrokerConnected")
        return str(condition["message"]) if condition.get("reason") == reason else None

    return str(eventually(reason, told, seconds))


def status_writes(writes: OperatorWrites) -> int:
    return sum(each.resource == "edgesites" for each in writes.all())


def connects(broker: ExternalBroker, username: str) -> int:
    """Return how many connections with a login the broker has accepted."""
    return broker.broker.log.read_text(errors="replace").count(f" as {username} (")


def test_one_login_is_reported_and_neither_side_hammers_the_broker(
    sites: Sites, broker: ExternalBroker, gateway: ServiceProcess, audit: AuditCursor
) -> None:
    sites.put_secret("ca", ca_crt=broker.authority)
    sites.put_secret(SHARED, username="edge-stack", password=USERS["edge-stack"])
    writes = OperatorWrites(audit, sites.namespace)
    apply(sites, broker)
    message = await_reason(sites, "SessionContended")
    assert "spec.broker.external.credentialsSecretRefs" in message
    assert status_writes(writes) <= 8, "the first status, and what led to the contention"
    writes.restart()
    accepted, until = connects(broker, "edge-stack"), time.monotonic() + WATCHED_SECONDS
    eventually("the time is over", lambda: time.monotonic() > until, WATCHED_SECONDS + 5)
    assert status_writes(writes) == 0
    assert connects(broker, "edge-stack") - accepted <= 12, "two clients, each at most every 5 s"
    assert sites.condition(SITE, "BrokerConnected")["reason"] == "SessionContended"
    assert "other clients take over the session of edge-gateway-" in gateway.output.read_text()


def test_login_of_its_own_ends_it(
    sites: Sites, broker: ExternalBroker, gateway: ServiceProcess, audit: AuditCursor
) -> None:
    sites.put_secret(OWN, username="edge-operator", password=USERS["edge-operator"])
    apply(sites, broker, credentialsSecretRefs={"operator": {"name": OWN}})
    await_reason(sites, "Connected")
    gateway_connected = eventually("the gateway is connected", lambda: gateway.get("/health")[0] == 200, 40)
    assert gateway_connected
    sites.settle(SITE)
    writes = OperatorWrites(audit, sites.namespace)
    writes.restart()
    accepted, until = connects(broker, "edge-operator"), time.monotonic() + WATCHED_SECONDS / 2
    eventually("the time is over", lambda: time.monotonic() > until, WATCHED_SECONDS)
    assert (status_writes(writes), connects(broker, "edge-operator") - accepted) == (0, 0)
    assert sites.condition(SITE, "BrokerConnected")["status"] == "True"
