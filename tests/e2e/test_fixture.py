"""What the pytest plugin gives: a control plane, a namespace, kubectl and a client."""

import subprocess
from pathlib import Path

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from e2e.cluster import wait
from e2e.cluster.audit import AuditCursor
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl, kubectl_for

pytestmark = pytest.mark.process


def test_namespace_is_fresh_and_named_after_the_module(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    assert namespace.startswith("test-fixture-")
    assert [item.metadata.name for item in core.list_namespace().items if item.metadata].count(namespace) == 1
    assert core.list_namespaced_secret(namespace).items == []


def test_kubectl_returns_what_was_printed(kubectl: Kubectl, namespace: str) -> None:
    manifest = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}'
    kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=manifest)
    assert kubectl("get", "cm", "a", "-n", namespace, "-o", "jsonpath={.data.k}").stdout == "v"


def test_kubectl_failure_says_why(kubectl: Kubectl, namespace: str) -> None:
    with pytest.raises(AssertionError, match='"absent" not found'):
        kubectl("get", "cm", "absent", "-n", namespace)
    unchecked = kubectl("get", "cm", "absent", "-n", namespace, check=False)
    assert isinstance(unchecked, subprocess.CompletedProcess)
    assert unchecked.returncode == 1


def test_rbac_denies_a_user_without_a_role(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str, tmp_path: Path
) -> None:
    path = control_plane.kubeconfig_for("guest", ["visitors"], tmp_path / "guest")
    assert path.stat().st_mode & 0o777 == 0o600
    guest = kubectl_for(control_plane, str(path))
    denied = guest("get", "secrets", "-n", namespace, check=False)
    assert 'User "guest" cannot list resource "secrets"' in denied.stderr
    kubectl("create", "rolebinding", "look", "--clusterrole=view", "--group=visitors", "-n", namespace)
    assert guest("get", "configmaps", "-n", namespace).returncode == 0


def _config_map(name: str, owner: client.V1ConfigMap | None = None) -> client.V1ConfigMap:
    metadata = owner and owner.metadata
    owners = metadata and [
        client.V1OwnerReference(api_version="v1", kind="ConfigMap", name=metadata.name, uid=metadata.uid)
    ]
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, owner_references=owners))


def test_child_goes_with_its_owner(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    owner = core.create_namespaced_config_map(namespace, _config_map("owner"))
    core.create_namespaced_config_map(namespace, _config_map("child", owner))
    core.delete_namespaced_config_map("owner", namespace)

    def gone() -> bool:
        try:
            core.read_namespaced_config_map("child", namespace)
        except ApiException as error:
            return bool(error.status == 404)
        return False

    assert wait.until(gone, seconds=20)


def test_audit_counts_writes_exactly(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str, tmp_path: Path, audit: AuditCursor
) -> None:
    kubectl("create", "rolebinding", "write", "--clusterrole=edit", "--user=writer", "-n", namespace)
    writer = kubectl_for(control_plane, str(control_plane.kubeconfig_for("writer", [], tmp_path / "writer")))
    for number in range(3):
        writer("create", "configmap", f"counted-{number}", "-n", namespace)
    writer("get", "configmaps", "-n", namespace)
    assert writer("delete", "namespace", namespace, check=False).returncode == 1
    events = audit.writes(user="writer")
    assert [(event.verb, event.resource, event.code) for event in events] == [
        *[("create", "configmaps", 201)] * 3,
        ("delete", "namespaces", 403),
    ]
    assert events[0].namespace == namespace
    assert [event.name for event in events[:3]] == ["counted-0", "counted-1", "counted-2"]
    assert events[0].user_agent.startswith("kubectl")
    audit.advance()
    assert audit.writes(user="writer") == ()


def test_api_server_that_is_restarted_keeps_the_data(
    control_plane: ControlPlane, kubectl: Kubectl, api: client.ApiClient, namespace: str
) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map(namespace, _config_map("kept"))
    control_plane.stop_apiserver()
    assert control_plane.requester.status("/readyz") == 0
    assert kubectl("get", "ns", check=False).returncode == 1
    control_plane.start_apiserver()
    assert core.read_namespaced_config_map("kept", namespace).kind == "ConfigMap"


def test_frozen_api_server_accepts_and_does_not_answer(control_plane: ControlPlane) -> None:
    control_plane.pause_apiserver()
    try:
        assert control_plane.requester.status("/readyz") == 0
    finally:
        control_plane.resume_apiserver()
    assert wait.until(lambda: control_plane.requester.status("/readyz") == 200, seconds=20)
