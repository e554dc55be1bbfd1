"""G3: the operator takes back what it owns; what others add survives, except where the content is exactly ours."""

import copy
from typing import Any

import pytest

from e2e.cluster.fixture import Kubectl
from edge_operator.desired.kinds import (
    CHILD_KINDS,
    CONFIG_MAP,
    DEPLOYMENT,
    NETWORK_POLICY,
    ROLE,
    ROLE_BINDING,
    SECRET,
    ChildKind,
)
from tests.support.processes import eventually
from tests.support.rawapi import APPLY
from tests.support.sites import Sites, kind_path
from tests.support.writes import OperatorWrites

SITE = "shared"
MESH = {"name": "mesh", "image": "mesh:1"}
AGENT = {"name": "agent", "image": "agent:1"}


@pytest.fixture(scope="module", autouse=True)
def site(sites: Sites) -> None:
    sites.apply(SITE)
    sites.await_reconciled(SITE)


def path_of(sites: Sites, kind: ChildKind, name: str) -> str:
    return kind_path(kind, sites.namespace, name)


def found(sites: Sites, kind: ChildKind, name: str) -> dict[str, Any]:
    child = sites.child(kind, name)
    assert child is not None, name
    return child


def gateway_container(deployment: dict[str, Any]) -> dict[str, Any]:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return next(container for container in containers if container["name"] == "gateway")


def of_kinds(sites: Sites) -> list[tuple[ChildKind, str]]:
    by_name = {kind.kind: kind for kind in CHILD_KINDS}
    return [(by_name[kind], name) for kind, name in sites.children(SITE)]


def test_labels_and_annotations_of_others_survive_on_every_child(sites: Sites, writes: OperatorWrites) -> None:
    added = {"labels": {"team": "plant"}, "annotations": {"example.com/contact": "plant@example.com"}}
    edit = {**added, "labels": {"team": "plant", "app.kubernetes.io/part-of": "mine"}}
    children = of_kinds(sites)
    for kind, name in children:
        sites.api.merge(path_of(sites, kind, name), {"metadata": edit})
    for kind, name in children:

        def ours_again(kind: ChildKind = kind, name: str = name) -> dict[str, Any] | None:
            metadata: dict[str, Any] = found(sites, kind, name)["metadata"]
            return metadata if metadata["labels"].get("app.kubernetes.io/part-of") == "edge-stack" else None

        metadata = eventually(f"{kind.kind} {name} is ours again", ours_again)
        assert metadata["labels"]["team"] == "plant", name
        assert metadata["annotations"]["example.com/contact"] == "plant@example.com", name
    sites.settle(SITE)
    assert writes.to_children() == {f"{kind.plural}/{name}": 1 for kind, name in children}


def test_injected_sidecars_survive_while_our_image_is_taken_back(sites: Sites) -> None:
    name = f"{SITE}-gateway"
    path = path_of(sites, DEPLOYMENT, name)
    ours = gateway_container(found(sites, DEPLOYMENT, name))["image"]

    applied = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}}
    applied["spec"] = {"template": {"spec": {"containers": [MESH]}}}
    sites.api.apply(path, applied, "mesh-injector")
    edited = found(sites, DEPLOYMENT, name)
    edited["spec"]["template"]["spec"]["containers"].append(AGENT)
    gateway_container(edited)["image"] = "mine:1"
    # Unconditional, as the operator and the controllers write it meanwhile.
    del edited["metadata"]["resourceVersion"]
    sites.api("PUT", path, edited, fieldManager="agent-injector")

    def taken_back() -> dict[str, Any] | None:
        deployment = found(sites, DEPLOYMENT, name)
        return deployment if gateway_container(deployment)["image"] == ours else None

    after = eventually("our image is back", taken_back)
    names = {container["name"] for container in after["spec"]["template"]["spec"]["containers"]}
    assert names == {"gateway", "mesh", "agent"}


def test_scale_subresource_is_taken_back(sites: Sites, kubectl: Kubectl, writes: OperatorWrites) -> None:
    name = f"{SITE}-processor"
    path = path_of(sites, DEPLOYMENT, name)

    def replicas() -> bool:
        return bool(found(sites, DEPLOYMENT, name)["spec"]["replicas"] == 2)

    kubectl("scale", f"deployment/{name}", "--replicas=5", "-n", sites.namespace)
    eventually("kubectl's scale is taken back", replicas)
    scaled = sites.api(
        "PATCH",
        f"{path}/scale",
        {"spec": {"replicas": 9}},
        content_type="application/merge-patch+json",
        fieldManager="horizontal-pod-autoscaler",
    )
    assert scaled["spec"]["replicas"] == 9
    eventually("the autoscaler's scale is taken back", replicas)
    sites.settle(SITE)
    assert writes.to_children() == {f"deployments/{name}": 2}


EXTRA: dict[ChildKind, dict[str, Any]] = {
    CONFIG_MAP: {"data": {"extra.conf": "x"}, "binaryData": {"blob": "Zm9v"}},
    SECRET: {"data": {"extra": "Zm9v"}},
    NETWORK_POLICY: {"spec": {"egress": [{}], "policyTypes": ["Ingress", "Egress"]}},
    ROLE: {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
    ROLE_BINDING: {"subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "default"}]},
}


def exact(kind: ChildKind, obj: dict[str, Any]) -> dict[str, Any]:
    return {part: copy.deepcopy(obj[part]) for part in (*kind.content, "type") if part in obj}


@pytest.mark.parametrize("how", ["update", "apply"])
@pytest.mark.parametrize("kind", list(EXTRA), ids=lambda kind: kind.kind)
def test_content_is_exact(sites: Sites, kind: ChildKind, how: str) -> None:
    for of_kind, name in of_kinds(sites):
        if of_kind is not kind:
            continue
        before = exact(kind, found(sites, kind, name))
        path = path_of(sites, kind, name)
        if how == "update":
            edited = sites.api.merge(path, EXTRA[kind], manager=f"editor-{how}")
        else:
            head = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name}}
            edited = sites.api.apply(path, head | EXTRA[kind], f"gitops-{how}")
        assert exact(kind, edited) != before, "the edit must have changed something"

        def restored(name: str = name, before: dict[str, Any] = before) -> bool:
            return exact(kind, found(sites, kind, name)) == before

        eventually(f"the content of {kind.kind} {name} is exactly ours", restored)


SPELLED = {
    "gateway": {"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": "0.5"}}},
    "processor": {"resources": {"limits": {"cpu": 1, "memory": "0.5Gi"}}},
    "storage": {"size": "10240Mi"},
    "broker": {"managed": {"storage": {"data": "1024Mi"}}},
}


def test_other_spellings_of_a_value_cause_no_endless_writes(sites: Sites, writes: OperatorWrites) -> None:
    name = "spelled"
    sites.apply(name, SPELLED)
    sites.await_reconciled(name)
    sites.settle(name)
    gateway = f"{name}-gateway"
    deployment = found(sites, DEPLOYMENT, gateway)
    assert gateway_container(deployment)["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    writes.restart()

    respelled = {
        "name": "gateway",
        "image": gateway_container(deployment)["image"],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "resources": {"limits": {"cpu": 1, "memory": "1048576Ki"}},
    }
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": gateway}}
    body["spec"] = {"template": {"spec": {"containers": [respelled]}}}
    path = path_of(sites, DEPLOYMENT, gateway)
    sites.api("PATCH", path, body, content_type=APPLY, fieldManager="gitops", force="true")
    replaced = found(sites, DEPLOYMENT, gateway)
    del replaced["metadata"]["resourceVersion"]
    sites.api("PUT", path, replaced, fieldManager="replacer")
    sites.api.merge(path, {"metadata": {"annotations": {"touched": "yes"}}})
    sites.settle(name)
    assert sum(writes.to_children().values()) <= 1, writes.to_children()
    writes.restart()
    sites.api.merge(path, {"metadata": {"annotations": {"touched": "again"}}})
    sites.settle(name)
    written = {f"{event.resource}/{event.subresource}" for event in writes.all()}
    assert written == {"edgesites/status"}, "and that for the changes of its spec alone"
