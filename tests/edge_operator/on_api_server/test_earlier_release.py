"""What an earlier release created and this one does not is removed from existing sites when the operator starts."""

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from edge_operator.cluster.objects import FIELD_MANAGER
from edge_operator.control.diff.desired_object import INTENT_HASH
from edge_operator.desired.kinds import DEPLOYMENT, NETWORK_POLICY, SERVICE, ChildKind
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

PORT = {"name": "coap", "port": 5683, "targetPort": "coap", "protocol": "UDP"}


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator().start().await_leading()


@pytest.fixture
def old(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Iterator[Sites]:
    """A site as the release before left it, with CoAP that nothing serves; no operator is running."""
    sites = Sites.of(api, namespace)
    sites.apply("old")
    sites.await_reconciled("old")
    operator.stop()
    service = manifest(sites, SERVICE, "old-gateway")
    service["spec"]["ports"].append(PORT)
    policy = manifest(sites, NETWORK_POLICY, "old-gateway")
    policy["spec"]["ingress"][0]["ports"].append({"protocol": "UDP", "port": 5683})
    deployment = manifest(sites, DEPLOYMENT, "old-gateway")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["ports"].append({"name": "coap", "containerPort": 5683, "protocol": "UDP"})
    container["env"].append({"name": "COAP_SECURITY", "value": "oscore"})
    apply(sites, SERVICE, service)
    apply(sites, NETWORK_POLICY, policy)
    apply(sites, DEPLOYMENT, deployment)
    service["metadata"]["name"] = "old-gateway-coap"
    service["spec"] = {"selector": service["spec"]["selector"], "ports": [PORT], "sessionAffinity": "ClientIP"}
    apply(sites, SERVICE, service)
    site = sites.get("old")
    site["status"]["endpoints"]["coap"] = "coap://old-gateway:5683"
    status = {part: site[part] for part in ("apiVersion", "kind", "status")} | {"metadata": {"name": "old"}}
    sites.api.apply(f"{sites.path('old')}/status", status, FIELD_MANAGER)
    yield sites
    sites.delete("old")


def manifest(sites: Sites, kind: ChildKind, name: str) -> dict[str, Any]:
    """Return a child as a manifest of the operator, with the hash of another release."""
    found = sites.child(kind, name)
    assert found is not None, name
    metadata = {part: found["metadata"][part] for part in ("name", "namespace", "labels", "ownerReferences")}
    marked = metadata | {"annotations": {INTENT_HASH: "0123456789abcdef"}}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": marked, "spec": found["spec"]}


def apply(sites: Sites, kind: ChildKind, body: dict[str, Any]) -> None:
    sites.api.apply(kind_path(kind, sites.namespace, body["metadata"]["name"]), body, FIELD_MANAGER)


def names_coap(child: dict[str, Any]) -> bool:
    """Whether an object still offers CoAP; Secrets, which have no spec, do not."""
    return any(word in str(child.get("spec")) for word in ("coap", "COAP", "5683"))


def test_what_offered_coap_is_removed_with_one_write_each(
    old: Sites, operator: OperatorProcess, writes: OperatorWrites
) -> None:
    before = {key for key, child in old.children("old").items() if names_coap(child)}
    assert before == {
        ("Service", "old-gateway"),
        ("Service", "old-gateway-coap"),
        ("NetworkPolicy", "old-gateway"),
        ("Deployment", "old-gateway"),
    }
    assert "coap" in old.status("old")["endpoints"]
    operator.start().await_leading()
    eventually("its own Service is gone", lambda: old.child(SERVICE, "old-gateway-coap") is None)
    old.settle("old")
    assert [key for key, child in old.children("old").items() if names_coap(child)] == []
    assert dict(writes.to_children()) == {
        "services/old-gateway": 1,
        "services/old-gateway-coap": 1,
        "networkpolicies/old-gateway": 1,
        "deployments/old-gateway": 1,
    }
    assert "coap" not in old.status("old")["endpoints"]
