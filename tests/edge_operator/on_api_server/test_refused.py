"""What the API server refuses: said which and why, tried again with patience, no other site the worse for it."""

import time
from collections.abc import Iterator

import pytest
from kubernetes import client

from edge_operator.desired.kinds import SERVICE
from tests.support.processes import OperatorProcess, eventually
from tests.support.rawapi import RawApi
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites


@pytest.fixture
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Iterator[Sites]:
    sites = Sites.of(api, namespace)
    yield sites
    for item in sites.api("GET", sites.path("").rstrip("/"))["items"]:
        sites.delete(item["metadata"]["name"])


def set_quota(api: RawApi, namespace: str, services: int) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight", "namespace": namespace},
        "spec": {"hard": {"services": str(services)}},
    }
    path = f"/api/v1/namespaces/{namespace}/resourcequotas/tight"
    api.apply(path, body, "test")

    def counts() -> bool:
        hard = (api("GET", path).get("status") or {}).get("hard", {})
        return bool(hard.get("services") == str(services))

    eventually("the quota counts", counts)


def test_quota(sites: Sites, writes: OperatorWrites) -> None:
    sites.apply("first")
    sites.await_reconciled("first")
    set_quota(sites.api, sites.namespace, 6)
    sites.apply("second")
    sites.await_reconciled("second")
    stalled = eventually("it says so", lambda: sites.condition("second", "Stalled"))
    assert (stalled["status"], stalled["reason"]) == ("True", "QuotaExceeded")
    assert f"Service {sites.namespace}/second-" in stalled["message"]
    assert "exceeded quota: tight" in stalled["message"]
    assert sites.status("second")["phase"] == "Degraded"
    assert sites.condition("first", "Stalled") == {}, "the other site is none the worse for it"
    children = {name for kind, name in sites.children("second") if kind == "Deployment"}
    assert len(children) == 4, "what is not refused is made"

    refused = {event.name for event in writes.all() if event.resource == "services" and event.code == 403}
    assert len(refused) == 4
    for service in refused:
        writes.await_patience(f"services/{service}")

    set_quota(sites.api, sites.namespace, 100)
    eventually("it recovers by itself", lambda: sites.condition("second", "Stalled") == {}, 40)
    assert sites.child(SERVICE, "second-gateway") is not None


def test_admission_policy(sites: Sites, api: client.ApiClient) -> None:
    raw, policy = RawApi(api), "no-network-policies"
    group = "/apis/admissionregistration.k8s.io/v1"
    name = {"metadata": {"name": policy}}
    match = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": sites.namespace}},
        "resourceRules": [
            {
                "apiGroups": ["networking.k8s.io"],
                "apiVersions": ["v1"],
                "operations": ["CREATE"],
                "resources": ["networkpolicies"],
            }
        ],
    }
    rule = {"expression": "false", "message": "ask the network team"}
    raw(
        "POST",
        f"{group}/validatingadmissionpolicies",
        name | {"spec": {"matchConstraints": match, "validations": [rule]}},
    )
    binding = {"policyName": policy, "validationActions": ["Deny"]}
    raw("POST", f"{group}/validatingadmissionpolicybindings", name | {"spec": binding})
    try:

        def denied() -> bool:
            sites.apply(f"denied-{time.monotonic_ns()}")
            newest = max(item["metadata"]["name"] for item in raw("GET", sites.path("").rstrip("/"))["items"])
            sites.await_reconciled(newest)
            stalled = sites.condition(newest, "Stalled")
            return "ask the network team" in stalled.get("message", "") and "NetworkPolicy" in stalled["message"]

        eventually("the policy is in force and the condition quotes it", denied, 30, pause=1)
    finally:
        raw("DELETE", f"{group}/validatingadmissionpolicybindings/{policy}")
        raw("DELETE", f"{group}/validatingadmissionpolicies/{policy}")
