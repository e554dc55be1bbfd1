"""Writes of liveness that a policy of the cluster rejects for a while: repeated once it is deleted."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kubernetes import client

from tests.support.brokered import BrokeredSite, brokered
from tests.support.mosquitto import MosquittoFactory
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.rawapi import RawApi, RawApiError
from tests.support.sites import Sites

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
NAME = "no-lives.test.edge-stack.io"


@pytest.fixture
def site(module_mosquitto: MosquittoFactory, namespace: str, api: client.ApiClient) -> Iterator[BrokeredSite]:
    with brokered(Sites.of(api, namespace), "hall", module_mosquitto(["pump"])) as site:
        yield site


@pytest.fixture
def operator(site: BrokeredSite, make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(
        EDGE_BROKER_ADDRESSES=site.address, EDGE_LAST_SEEN_SECONDS="0", EDGE_LOOK_AGAIN_SECONDS="1"
    ).start()


@contextmanager
def refused(site: BrokeredSite) -> Iterator[None]:
    """Have every write of a device's status in the site's namespace refused."""
    api, namespace = site.sites.api, site.sites.namespace
    rule = {
        "apiGroups": ["edge-stack.io"],
        "apiVersions": ["*"],
        "resources": ["edgedevices/status"],
        "operations": ["UPDATE"],
    }
    there = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    policy = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "false", "message": "the site is being moved"}],
    }
    binding = {"policyName": NAME, "validationActions": ["Deny"], "matchResources": there}
    plurals = {"validatingadmissionpolicies": policy, "validatingadmissionpolicybindings": binding}
    for plural, spec in plurals.items():
        api("POST", f"{ADMISSION}/{plural}", {"metadata": {"name": NAME}, "spec": spec})
    try:
        eventually("the policy counts", lambda: _is_refused(api, site.devices.path("pump")), 30)
        yield
    finally:
        for plural in reversed(plurals):
            api("DELETE", f"{ADMISSION}/{plural}/{NAME}")


def _is_refused(api: RawApi, path: str) -> bool:
    try:
        api.merge(f"{path}/status", {"status": {"reported": {"probe": "1"}}})
    except RawApiError:
        return True
    return False


def test_rejected_transition_is_written_when_the_policy_is_deleted(
    site: BrokeredSite, operator: OperatorProcess
) -> None:
    site.apply(devices={"heartbeatInterval": "1s", "offlineAfter": "5m"})
    operator.await_leading()
    site.await_broker()
    site.devices.apply("pump")
    site.await_phase("pump", "Unknown", "NotYetSeen")
    with refused(site):
        decided = operator.metric("edge_device_transitions_total")
        site.wire("pump").connect()
        eventually("decided", lambda: operator.metric("edge_device_transitions_total") > decided)
        eventually("refused", lambda: "the site is being moved" in "".join(operator.messages()))
        assert site.status("pump")["phase"] == "Unknown"
    site.await_phase("pump", "Online", "HeartbeatReceived", 30)
