"""The root Secret: kept as it is, created again only if it is lost, and never logged."""

import base64
from typing import Any

import pytest
from kubernetes import client

from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.rawapi import RawApi
from tests.support.secrets_in_logs import leaked_keys
from tests.support.sites import Sites, kind_path

OURS = {"app.kubernetes.io/managed-by": "edge-stack"}


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1", EDGE_LOG_LEVEL="DEBUG").start().await_leading()


def made(sites: Sites, name: str) -> dict[str, Any]:
    """Apply a site and return the data of its Secrets."""
    sites.apply(name)
    sites.await_reconciled(name)
    return secrets(sites, name)


def secrets(sites: Sites, name: str) -> dict[str, Any]:
    return {child: obj["data"] for (kind, child), obj in sites.children(name).items() if kind == "Secret"}


def root_path(sites: Sites, name: str) -> str:
    return kind_path(SECRET, sites.namespace, f"{name}-root")


def create_root(sites: Sites, name: str, key: bytes, **metadata: Any) -> dict[str, Any]:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"{name}-root", **metadata},
        "data": {"key": base64.b64encode(key).decode()},
    }
    return sites.api("POST", kind_path(SECRET, sites.namespace), body)


def intact(sites: Sites, name: str, data: dict[str, Any]) -> bool:
    root = sites.child(SECRET, f"{name}-root")
    if root is None:
        return False
    metadata = root["metadata"]
    return (
        root["data"] == data
        and metadata["labels"].get("edge-stack.io/site") == name
        and metadata["labels"].get("app.kubernetes.io/part-of") == "edge-stack"
        and metadata.get("annotations", {}).get("argocd.argoproj.io/sync-options") == "Prune=false,Delete=false"
        and not metadata.get("ownerReferences")
    )


def test_whatever_is_done_to_it_is_undone(sites: Sites) -> None:
    name = "kept"
    before = made(sites, name)
    root = before[f"{name}-root"]
    authority = sites.api("GET", f"/api/v1/namespaces/{sites.namespace}/configmaps/kube-root-ca.crt")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "kube-root-ca.crt", "controller": True}
    owner = reference | {"uid": authority["metadata"]["uid"]}
    harms: list[dict[str, Any]] = [
        {"data": {"key": base64.b64encode(b"x" * 32).decode()}},
        {"data": {"key": "AAAA"}},
        {"data": {"extra": "AAAA"}},
        {"metadata": {"labels": {"edge-stack.io/site": None}}},
        {"metadata": {"labels": {"app.kubernetes.io/part-of": "theirs"}}},
        {"metadata": {"annotations": {"argocd.argoproj.io/sync-options": None}}},
        {"metadata": {"ownerReferences": [owner]}},
    ]
    for harm in harms:
        sites.api.merge(root_path(sites, name), harm)
        eventually(f"undone: {harm}", lambda: intact(sites, name, root), 5)
    sites.api("DELETE", root_path(sites, name))
    eventually("back", lambda: intact(sites, name, root), 5)
    assert secrets(sites, name) == before
    assert sites.condition(name, "Stalled") == {}


def test_is_created_again_if_it_was_deleted_while_no_operator_ran(
    sites: Sites, operator: OperatorProcess, api: client.ApiClient
) -> None:
    name = "lost"
    before = made(sites, name)
    operator.stop()
    sites.api("DELETE", root_path(sites, name))
    operator.start().await_leading()
    eventually("a new root", lambda: f"{name}-root" in secrets(sites, name))
    eventually(
        "new credentials",
        lambda: not set(map(str, before.values())) & set(map(str, secrets(sites, name).values())),
    )

    def events() -> list[Any]:
        found = RawApi(api)("GET", f"/apis/events.k8s.io/v1/namespaces/{sites.namespace}/events")["items"]
        return [
            event for event in found if event["regarding"]["name"] == name and event["reason"] == "RootSecretMadeAnew"
        ]

    event = eventually("an Event", events)[0]
    assert event["type"] == "Warning"
    assert "every credential has changed" in event["note"]
    eventually("a notice", lambda: "a new one was created" in sites.condition(name, "Ready")["message"])
    assert len(events()) == 1


def test_somebody_elses_secret_of_that_name(sites: Sites) -> None:
    name = "theirs"
    theirs = create_root(sites, name, b"t" * 32)
    sites.apply(name)
    sites.await_reconciled(name)
    stalled = sites.condition(name, "Stalled")
    assert stalled["reason"] == "NotOurs"
    assert f"Secret {sites.namespace}/{name}-root exists and has no owner" in stalled["message"]
    assert sites.child(SECRET, f"{name}-root") == theirs
    assert sites.child(DEPLOYMENT, f"{name}-gateway") is None, "nothing without a root"
    sites.api("DELETE", root_path(sites, name))
    eventually("it heals by itself", lambda: sites.child(DEPLOYMENT, f"{name}-mqtt"))
    eventually("nothing stalls", lambda: sites.condition(name, "Stalled") == {})


def test_too_short_a_key(sites: Sites) -> None:
    name = "short"
    create_root(sites, name, b"short", labels=OURS | {"edge-stack.io/site": name})
    sites.apply(name)
    sites.await_reconciled(name)
    stalled = sites.condition(name, "Stalled")
    assert stalled["reason"] == "RootSecretInvalid"
    assert f"Secret {sites.namespace}/{name}-root has no usable `key`" in stalled["message"]
    good = base64.b64encode(b"g" * 32).decode()
    sites.api.merge(root_path(sites, name), {"data": {"key": good}})
    eventually("a usable key is taken at once", lambda: sites.child(DEPLOYMENT, f"{name}-mqtt"))
    assert secrets(sites, name)[f"{name}-root"] == {"key": good}


def test_root_from_a_backup_brings_the_same_credentials(sites: Sites) -> None:
    name = "restored"
    labels = OURS | {"edge-stack.io/site": name}
    create_root(sites, name, b"b" * 32, labels=labels)
    first = made(sites, name)
    assert first[f"{name}-root"] == {"key": base64.b64encode(b"b" * 32).decode()}
    eventually("marked as retained", lambda: intact(sites, name, first[f"{name}-root"]))


def test_root_that_is_refused_is_reported(sites: Sites) -> None:
    quota = f"/api/v1/namespaces/{sites.namespace}/resourcequotas/no-secrets"
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-secrets"}}
    sites.api.apply(quota, body | {"spec": {"hard": {"count/secrets": "0"}}}, "test")
    eventually("the quota counts", lambda: "used" in sites.api("GET", quota).get("status", {}))
    name = "refused"
    sites.apply(name)
    sites.await_reconciled(name)
    stalled = sites.condition(name, "Stalled")
    assert stalled["reason"] == "QuotaExceeded"
    assert f"Secret {sites.namespace}/{name}-root is refused" in stalled["message"]
    sites.api("DELETE", quota)
    eventually("it recovers by itself", lambda: sites.child(DEPLOYMENT, f"{name}-mqtt"))


def test_no_log_line_has_a_secret(sites: Sites, operator: OperatorProcess) -> None:
    lines = operator.log.read_text()
    assert '"level": "debug"' in lines
    found = sites.api("GET", kind_path(SECRET, sites.namespace))["items"]
    assert len(found) > 20
    for secret in found:
        assert leaked_keys(lines, secret.get("data") or {}) == [], secret["metadata"]["name"]
