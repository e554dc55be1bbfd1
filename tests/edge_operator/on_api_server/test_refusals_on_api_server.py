"""What the API server refuses: each kind of refusal is reported, the rest is created, and it recovers by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from e2e.cluster.controlplane import ControlPlane
from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, PVC, ChildKind
from tests.support.processes import OPERATOR_USER, OperatorFactory, OperatorProcess, eventually
from tests.support.rawapi import RawApi, RawApiError
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites

ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="1").start().await_leading()


@contextmanager
def quota(sites: Sites, **hard: str) -> Iterator[None]:
    path = f"/api/v1/namespaces/{sites.namespace}/resourcequotas/tight"
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"}}
    limits = {name.replace("_", "/"): value for name, value in hard.items()}
    sites.api.apply(path, body | {"spec": {"hard": limits}}, "test")
    eventually("the quota counts", lambda: sites.api("GET", path).get("status", {}).get("used"))
    try:
        yield
    finally:
        sites.api("DELETE", path)


@contextmanager
def made(api: RawApi, plural: str, name: str, body: dict[str, Any]) -> Iterator[None]:
    api("POST", f"{ADMISSION}/{plural}", {"metadata": {"name": name}} | body)
    try:
        yield
    finally:
        api("DELETE", f"{ADMISSION}/{plural}/{name}")


def applied(sites: Sites, name: str, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """Apply a site and return its condition Stalled."""
    sites.apply(name, spec)
    sites.await_reconciled(name)
    return sites.condition(name, "Stalled")


@pytest.mark.parametrize(
    ("limit", "kind", "child"),
    [
        ("count_deployments.apps", DEPLOYMENT, "gateway"),
        ("persistentvolumeclaims", PVC, "storage-data"),
        ("count_configmaps", CONFIG_MAP, "processor"),
    ],
)
def test_quota(sites: Sites, writes: OperatorWrites, limit: str, kind: ChildKind, child: str) -> None:
    well, short = f"well-{kind.plural}", f"short-{kind.plural}"
    assert applied(sites, well) == {}
    with quota(sites, **{limit: "0"}):
        stalled = applied(sites, short)
        assert stalled["reason"] == "QuotaExceeded"
        assert f"{kind.kind} {sites.namespace}/{short}-" in stalled["message"]
        assert "exceeded quota: tight" in stalled["message"]
        others = {of_kind for of_kind, _ in sites.children(short)} | {kind.kind}
        assert others == {of_kind for of_kind, _ in sites.children(well)}, "what is not refused is made"
        before = sites.status(well)
        sites.apply(well, {"processor": {"replicas": 4}})
        sites.await_reconciled(well)
        deployment = sites.child(DEPLOYMENT, f"{well}-processor")
        assert deployment is not None
        assert deployment["spec"]["replicas"] == 4, "the other site goes on"
        assert before["phase"] == sites.status(well)["phase"] == "Progressing"
    eventually("it recovers by itself", lambda: sites.condition(short, "Stalled") == {})
    assert sites.child(kind, f"{short}-{child}") is not None
    refused = [event for event in writes.all() if event.code == 403]
    assert {event.resource for event in refused} == {kind.plural}
    assert all(event.name.startswith(short) for event in refused)


def test_pods_that_are_refused(sites: Sites, control_plane: ControlPlane) -> None:
    with control_plane.replicasets(), quota(sites, pods="0"):
        sites.apply("podless")

        def told() -> bool:
            return bool(sites.condition("podless", "Ready").get("reason") == "PodsRefused")

        eventually("Ready says so", told)
        message = sites.condition("podless", "Ready")["message"]
        assert "the pods of " in message
        assert "exceeded quota: tight" in message
        eventually("degraded", lambda: sites.status("podless")["phase"] == "Degraded")


def refusing_webhook(namespace: str, rule: dict[str, Any]) -> dict[str, Any]:
    """Return a webhook that nobody answers: the API server then answers 500."""
    return {
        "webhooks": [
            {
                "name": "nobody.example.com",
                "clientConfig": {"url": "https://127.0.0.1:1/nobody"},
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "timeoutSeconds": 1,
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": [rule],
            }
        ]
    }


def await_in_force(sites: Sites, kind: str, word: str) -> None:
    """Return once a creation is refused: new admission rules take effect after a moment."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    path = f"/api/v1/namespaces/{sites.namespace}/configmaps"

    def refused() -> bool:
        try:
            sites.api("POST", path, body, dryRun="All")
        except RawApiError as error:
            return word in str(error)
        return False

    eventually(f"{kind} is in force", refused)


def test_webhook_that_nobody_answers(sites: Sites, writes: OperatorWrites) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    webhook = refusing_webhook(sites.namespace, rule)
    with made(sites.api, "validatingwebhookconfigurations", sites.namespace, webhook):
        await_in_force(sites, "the webhook", "failed calling webhook")
        writes.restart()
        stalled = applied(sites, "hooked")
        assert f"ConfigMap {sites.namespace}/hooked-" in stalled["message"]
        assert "failed calling webhook" in stalled["message"]
        assert sites.child(DEPLOYMENT, "hooked-gateway") is not None, "the rest is made"
        writes.await_patience("configmaps/hooked-processor")
    eventually("it recovers by itself", lambda: sites.child(CONFIG_MAP, "hooked-processor"))
    eventually("nothing stalls", lambda: sites.condition("hooked", "Stalled") == {})


def test_deletion_that_is_refused(sites: Sites) -> None:
    external = {"broker": {"type": "External", "external": {"url": "mqtts://broker.example.com:8883"}}}
    applied(sites, "held")
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}
    match = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": sites.namespace}},
        "resourceRules": [rule],
    }
    validation = {"expression": f"request.userInfo.username != '{OPERATOR_USER}'", "message": "kept for the audit"}
    policy = {"spec": {"matchConstraints": match, "validations": [validation]}}
    binding = {"spec": {"policyName": sites.namespace, "validationActions": ["Deny"]}}
    with (
        made(sites.api, "validatingadmissionpolicies", sites.namespace, policy),
        made(sites.api, "validatingadmissionpolicybindings", sites.namespace, binding),
    ):
        await_deletion_refused(sites, "held-mqtt")
        stalled = applied(sites, "held", external)
        assert f"the deletion of ConfigMap {sites.namespace}/held-mqtt is refused" in stalled["message"]
        assert "kept for the audit" in stalled["message"]
        eventually("the rest is removed", lambda: sites.child(DEPLOYMENT, "held-mqtt") is None)
        assert sites.child(CONFIG_MAP, "held-mqtt") is not None
    eventually("it recovers by itself", lambda: sites.child(CONFIG_MAP, "held-mqtt") is None)
    eventually("nothing stalls", lambda: sites.condition("held", "Stalled") == {})


def await_deletion_refused(sites: Sites, config_map: str) -> None:
    """Return once the operator's deletion of a ConfigMap is refused; it is asked for without being carried out."""
    path = f"/api/v1/namespaces/{sites.namespace}/configmaps/{config_map}"

    def refused() -> bool:
        try:
            sites.api("DELETE", path, as_user=OPERATOR_USER, dryRun="All")
        except RawApiError as error:
            return "kept for the audit" in str(error)
        return False

    eventually("the policy is in force", refused)
