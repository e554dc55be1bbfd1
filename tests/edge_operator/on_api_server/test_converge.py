"""G1: whatever is deleted or edited among the fields that the operator owns is as the spec says within 2 s.

The time is that of the API server: from the edit's arrival there to its answer to the operator's write.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client

from edge_operator.desired.kinds import CHILD_KINDS, PVC, ChildKind
from tests.support.processes import OperatorProcess, eventually
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

WITHIN_SECONDS = 2.0
SITE = "drifting"

EDITS: dict[str, dict[str, Any]] = {
    "ServiceAccount": {"automountServiceAccountToken": True},
    "Role": {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]}]},
    "RoleBinding": {"subjects": [{"kind": "ServiceAccount", "name": "default"}]},
    "NetworkPolicy": {"spec": {"ingress": [{}]}},
    "Secret": {
        "data": {"password": "Zm9v", "token": "Zm9v", "passwords": "Zm9v", "tls.key": "Zm9v", "tokens.json": "Zm9v"}
    },
    "ConfigMap": {"data": {"acl": "pattern readwrite #", "rules.json": "[]", "mosquitto.conf": "allow_anonymous true"}},
    "Service": {"spec": {"selector": {"app": "mine"}}},
    "Deployment": {"spec": {"replicas": 7}},
    "PodDisruptionBudget": {"spec": {"maxUnavailable": 2}},
}


@pytest.fixture(scope="module")
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Iterator[Sites]:
    sites = Sites.of(api, namespace)
    sites.apply(SITE)
    sites.await_reconciled(SITE)
    yield sites
    sites.delete(SITE)


def owned_part(obj: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what the server sets and what changes with every write."""
    part = copy.deepcopy(obj)
    for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation", "finalizers"):
        part["metadata"].pop(field, None)
    annotations = part["metadata"].get("annotations", {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    part.pop("status", None)
    for assigned in ("clusterIP", "clusterIPs"):
        part.get("spec", {}).pop(assigned, None)
    return part


def names(sites: Sites, kind: ChildKind) -> list[str]:
    return sorted(name for of_kind, name in sites.children(SITE) if of_kind == kind.kind)


def all_children() -> list[ChildKind]:
    return [kind for kind in CHILD_KINDS if kind is not PVC]


def check_in_time(writes: OperatorWrites, kind: ChildKind, name: str) -> None:
    child = f"{kind.plural}/{name}"
    assert writes.seconds_after(child, child) < WITHIN_SECONDS, child


@pytest.mark.parametrize("kind", all_children(), ids=lambda kind: kind.kind)
def test_deleted_child_comes_back(sites: Sites, writes: OperatorWrites, kind: ChildKind) -> None:
    for name in names(sites, kind):
        writes.restart()
        before = sites.child(kind, name)
        assert before is not None
        sites.api("DELETE", kind_path(kind, sites.namespace, name))

        def back(name: str = name, uid: str = before["metadata"]["uid"]) -> dict[str, Any] | None:
            found = sites.child(kind, name)
            return found if found is not None and found["metadata"]["uid"] != uid else None

        after = eventually(f"{kind.kind} {name} is back", back, pause=0.02)
        check_in_time(writes, kind, name)
        assert owned_part(after) == owned_part(before), name


@pytest.mark.parametrize("kind", all_children(), ids=lambda kind: kind.kind)
def test_edited_child_is_put_back(sites: Sites, writes: OperatorWrites, kind: ChildKind) -> None:
    for name in names(sites, kind):
        writes.restart()
        before = sites.child(kind, name)
        assert before is not None
        edit = EDITS[kind.kind]
        if "data" in edit:
            edit = {"data": {key: value for key, value in edit["data"].items() if key in before["data"]}}
        if name.endswith("-root"):
            edit = {"data": {"key": "Zm9v"}}
        edited = sites.api.merge(kind_path(kind, sites.namespace, name), edit)
        assert owned_part(edited) != owned_part(before), "the edit must have changed something"

        wanted = owned_part(before)

        def restored(name: str = name, wanted: dict[str, Any] = wanted) -> bool:
            return owned_part(sites.child(kind, name) or {"metadata": {}}) == wanted

        eventually(f"{kind.kind} {name} is put back", restored, pause=0.02)
        check_in_time(writes, kind, name)


@pytest.mark.parametrize("field", ["labels", "annotations", "ownerReferences"])
@pytest.mark.parametrize("kind", all_children(), ids=lambda kind: kind.kind)
def test_stripped_metadata_is_put_back(sites: Sites, writes: OperatorWrites, kind: ChildKind, field: str) -> None:
    name = names(sites, kind)[0]
    before = sites.child(kind, name)
    assert before is not None
    if field not in before["metadata"]:
        pytest.fail(f"{kind.kind} {name} should carry {field}")
    value: Any = None if field == "ownerReferences" else dict.fromkeys(before["metadata"][field])
    sites.api.merge(kind_path(kind, sites.namespace, name), {"metadata": {field: value}})
    wanted = owned_part(before)
    eventually(
        f"{field} of {name} are back",
        lambda: owned_part(sites.child(kind, name) or {"metadata": {}}) == wanted,
        pause=0.02,
    )
    check_in_time(writes, kind, name)
