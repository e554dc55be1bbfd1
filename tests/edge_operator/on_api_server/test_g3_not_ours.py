"""Objects under a child's name that are not the site's: not changed, reported, created once those are deleted."""

from typing import Any

import pytest

from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, PVC, SECRET, SERVICE, ChildKind
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

POD = {
    "metadata": {"labels": {"app": "theirs"}},
    "spec": {"containers": [{"name": "theirs", "image": "theirs:1"}]},
}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
OURS = {"app.kubernetes.io/managed-by": "edge-stack"}

FOREIGN: dict[str, tuple[ChildKind, str, dict[str, Any]]] = {
    "config-map": (CONFIG_MAP, "processor", {"data": {"rules.json": "theirs"}}),
    "secret": (SECRET, "api-token", {"data": {"token": "dGhlaXJz"}}),
    "service": (SERVICE, "gateway", {"spec": {"ports": [{"port": 80}]}}),
    "deployment": (
        DEPLOYMENT,
        "gateway",
        {"spec": {"replicas": 0, "selector": {"matchLabels": {"app": "theirs"}}, "template": POD}},
    ),
    "claim": (PVC, "storage-data", {"spec": CLAIM}),
    "claim-of-another-site": (
        PVC,
        "mqtt-data",
        {"metadata": {"labels": {**OURS, "edge-stack.io/site": "another"}}, "spec": CLAIM},
    ),
    "labelled-as-ours": (
        CONFIG_MAP,
        "mqtt",
        {"metadata": {"labels": {**OURS, "edge-stack.io/site": "labelled-as-ours"}}, "data": {"acl": "theirs"}},
    ),
}


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


def create(sites: Sites, kind: ChildKind, name: str, body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata", {}) | {"name": name}
    whole = {"apiVersion": kind.api_version, "kind": kind.kind, **body, "metadata": metadata}
    return sites.api("POST", kind_path(kind, sites.namespace), whole)


def what_they_set(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {part: obj["metadata"].get(part) for part in ("uid", "labels", "ownerReferences", "finalizers")}
    return {"metadata": metadata, "spec": obj.get("spec"), "data": obj.get("data")}


@pytest.mark.parametrize("name", list(FOREIGN))
def test_is_not_changed_and_reported_until_it_is_deleted(sites: Sites, writes: OperatorWrites, name: str) -> None:
    kind, suffix, body = FOREIGN[name]
    child = f"{name}-{suffix}"
    theirs = create(sites, kind, child, body)
    sites.apply(name)
    sites.await_reconciled(name)
    stalled = sites.condition(name, "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "NotOurs")
    holder = {"claim-of-another-site": f"belongs to the EdgeSite {sites.namespace}/another"}.get(name)
    assert f"{kind.kind} {sites.namespace}/{child} {holder or 'exists and has no owner'}: " in stalled["message"]
    assert sites.condition(name, "Ready")["reason"] == "NotOurs"
    for deployment in ("processor", "storage", "mqtt"):
        assert sites.child(DEPLOYMENT, f"{name}-{deployment}") is not None, "the rest comes up"
    left = sites.child(kind, child)
    assert left is not None
    assert what_they_set(left) == what_they_set(theirs)
    assert f"{kind.plural}/{child}" not in writes.to_children()

    sites.settle(name)
    sites.api("DELETE", kind_path(kind, sites.namespace, child))

    def healed() -> bool:
        now = sites.child(kind, child)
        return now is not None and now["metadata"].get("labels", {}).get("edge-stack.io/site") == name

    eventually("ours is made", healed)
    eventually("nothing stalls", lambda: sites.condition(name, "Stalled") == {})


def test_foreign_object_that_is_being_deleted_is_waited_for(sites: Sites, writes: OperatorWrites) -> None:
    name = "held"
    child = f"{name}-processor"
    create(sites, CONFIG_MAP, child, {"metadata": {"finalizers": ["example.com/held"]}, "data": {}})
    path = kind_path(CONFIG_MAP, sites.namespace, child)
    sites.api("DELETE", path)
    sites.apply(name)
    sites.await_reconciled(name)
    reconciling = sites.condition(name, "Reconciling")
    assert reconciling["reason"] == "WaitingForDeletion"
    assert f"ConfigMap {sites.namespace}/{child}" in reconciling["message"]
    sites.settle(name)
    sites.api.merge(path, {"metadata": {"finalizers": None}})
    eventually("ours is made", lambda: "rules.json" in ((sites.child(CONFIG_MAP, child) or {}).get("data") or {}))
