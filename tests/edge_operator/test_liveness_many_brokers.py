"""A hundred brokers in one operator process, some of them sick in every way: the others do not notice."""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from signal import SIGCONT, SIGSTOP

import pytest
from kubernetes import client

from edge_operator.desired.kinds import SECRET
from edge_operator.desired.root_secret import root_secret
from edge_operator.identity import logins
from edge_service.mqtt.client import CONNECT_SECONDS
from edge_service.mqtt.connection import ANSWER_SECONDS
from tests.support.brokered import BrokeredSite
from tests.support.mosquitto import HOST, ROOT, Mosquitto, MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sick_brokers import SICK, sick_broker
from tests.support.sites import Sites, kind_path

HEALTHY = [f"site-{number:03d}" for number in range(100)]
MEASURED = HEALTHY[:10]
WITHIN_SECONDS = 2.0
"""From a device's message until `kubectl get` shows it, mostly: each depends on the machine too."""

PATIENCE_SECONDS = min(CONNECT_SECONDS, ANSWER_SECONDS)
"""How long the operator waits for a sick broker: a healthy one that had to wait for one would take longer than that."""

LOGIN, WRONG_LOGIN = "login", "wrong-login"
EXPECTED = {
    **dict.fromkeys(SICK, "BrokerUnreachable"),
    "refusing": "BrokerRefused",
    "nobody-listens": "BrokerUnreachable",
    **{f"unknown-name-{number}": "BrokerUnreachable" for number in range(5)},
}


def put_login(sites: Sites, name: str, password: str) -> None:
    sites.put_secret(name, username=logins.OPERATOR, password=password)


def apply(sites: Sites, name: str, url: str, login: str = LOGIN) -> None:
    """Apply a site of which nothing but the way to its broker is of interest: it is paused, nothing is made for it."""
    root = root_secret(name, sites.namespace, ROOT)
    sites.api("POST", kind_path(SECRET, sites.namespace), root)
    external = {"url": url, "topicPrefix": "", "credentialsSecretRef": {"name": login}}
    sites.apply(name, {"paused": True, "broker": {"type": "External", "external": external}})


@pytest.fixture(scope="module")
def sites(make_operator: OperatorFactory, namespace: str, api: client.ApiClient) -> Sites:
    return Sites.of(api, namespace)


@pytest.fixture(scope="module")
def brokers(module_mosquitto: MosquittoFactory) -> dict[str, Mosquitto]:
    return dict(zip([*HEALTHY, "hanging"], module_mosquitto.many(len(HEALTHY) + 1, ["d1"]), strict=True))


@pytest.fixture(scope="module")
def sick(sites: Sites, brokers: dict[str, Mosquitto]) -> Iterator[None]:
    """Every sick broker, each with a site."""
    put_login(sites, LOGIN, brokers["hanging"].passwords[logins.OPERATOR])
    put_login(sites, WRONG_LOGIN, "wrong")
    with ExitStack() as stack:
        for name, answer in SICK.items():
            apply(sites, name, f"mqtt://{HOST}:{stack.enter_context(sick_broker(answer))}")
        apply(sites, "refusing", brokers[HEALTHY[-1]].components_url, WRONG_LOGIN)
        apply(sites, "nobody-listens", f"mqtt://{HOST}:9")
        for number in range(5):
            apply(sites, f"unknown-name-{number}", f"mqtt://broker-{number}.invalid:1883")
        yield


@pytest.fixture(scope="module")
def operator(
    sites: Sites, brokers: dict[str, Mosquitto], sick: None, make_operator: OperatorFactory
) -> OperatorProcess:
    """An operator that leads, connected to all that can be connected to."""
    operator = make_operator().start().await_leading()
    for name in (*HEALTHY, "hanging"):
        apply(sites, name, brokers[name].components_url)
    eventually("all are connected", lambda: operator.metric("edge_broker_sessions_connected") == len(brokers), 180)
    return operator


@pytest.fixture(scope="module")
def measured(sites: Sites, brokers: dict[str, Mosquitto], operator: OperatorProcess) -> Iterator[list[BrokeredSite]]:
    """Sites with a device that is known and silent, while one broker more has begun to hang."""
    measured = [BrokeredSite(sites, name, brokers[name]) for name in MEASURED]
    for site in measured:
        site.devices.apply(f"{site.name}-d1", deviceId="d1", offlineAfter="1m")
    for site in measured:
        site.await_phase(f"{site.name}-d1", "Unknown", "NotYetSeen")
    brokers["hanging"].signal(SIGSTOP)
    yield measured
    brokers["hanging"].signal(SIGCONT)
    for site in measured:
        site.close()


def test_every_healthy_one_is_reported_as_connected(sites: Sites, operator: OperatorProcess) -> None:
    eventually("all are", lambda: not set(HEALTHY) - connected_of(sites))


def connected_of(sites: Sites) -> set[str]:
    """Return the names of the sites that are reported as connected to their broker."""
    listed = sites.api("GET", sites.path("").rstrip("/"))["items"]
    return {
        site["metadata"]["name"]
        for site in listed
        for each in (site.get("status") or {}).get("conditions") or ()
        if (each["type"], each["status"]) == ("BrokerConnected", "True")
    }


def test_devices_of_healthy_sites_do_not_wait_for_sick_ones(measured: list[BrokeredSite]) -> None:
    lasted = []
    for site in measured:
        device = site.wire("d1").connect(birth=False)
        for act, phase in ((device.beat, "Online"), (device.sign_off, "Offline")):
            begun = time.monotonic()
            act()
            site.await_phase(f"{site.name}-d1", phase)
            lasted.append(time.monotonic() - begun)
    assert statistics.median(lasted) < WITHIN_SECONDS, sorted(lasted)
    assert max(lasted) < PATIENCE_SECONDS / 2, sorted(lasted)


def test_the_fault_of_each_is_reported(sites: Sites, measured: list[BrokeredSite]) -> None:
    for name, reason in EXPECTED.items():
        told = eventually(f"{name} {reason}", partial(told_of, sites, name), 30)
        assert (told["status"], told["reason"]) == ("False", reason), name
        assert told["message"]


def told_of(sites: Sites, name: str) -> dict[str, str]:
    condition = sites.condition(name, "BrokerConnected")
    return condition if condition.get("status") == "False" else {}
