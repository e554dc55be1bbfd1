"""Edits of a site's spec reach its children: what is set, what is taken out again, and volumes that grow."""

from collections.abc import Iterator
from typing import Any

import pytest

from edge_operator.desired.kinds import DEPLOYMENT, PVC, ChildKind
from tests.support.processes import eventually
from tests.support.rawapi import RawApi
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites

COMPONENTS = ("gateway", "processor", "storage", "mqtt")
SET: dict[str, Any] = {
    "scheduling": {
        "nodeSelector": {"site": "north"},
        "tolerations": [{"key": "edge", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClassName": "system-cluster-critical",
    },
    "podMetadata": {"labels": {"team": "plant"}, "annotations": {"example.com/scrape": "yes"}},
    "imagePullSecrets": [{"name": "pull"}],
    "gateway": {"service": {"annotations": {"example.com/pool": "plant"}}},
}


@pytest.fixture(scope="module")
def expandable(sites: Sites) -> Iterator[str]:
    """A class whose volumes may grow; volumes are made by hand."""
    name = f"grows-{sites.namespace}"
    path = "/apis/storage.k8s.io/v1/storageclasses"
    body = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
    more = {"provisioner": "kubernetes.io/no-provisioner", "allowVolumeExpansion": True}
    sites.api("POST", path, body | more)
    yield name
    sites.api("DELETE", f"{path}/{name}")


def child(sites: Sites, kind: ChildKind, name: str) -> dict[str, Any]:
    found = sites.child(kind, name)
    assert found is not None, name
    return found


def applied(sites: Sites, name: str, spec: dict[str, Any]) -> None:
    sites.apply(name, spec)
    sites.await_reconciled(name)


def pods(sites: Sites, name: str) -> list[dict[str, Any]]:
    return [child(sites, DEPLOYMENT, f"{name}-{part}")["spec"]["template"] for part in COMPONENTS]


def test_what_is_taken_out_of_the_spec_disappears(sites: Sites, writes: OperatorWrites) -> None:
    name = "edited"
    applied(sites, name, {})
    before = pods(sites, name)
    applied(sites, name, SET)
    for template in pods(sites, name):
        pod = template["spec"]
        assert pod["nodeSelector"] == {"site": "north"}
        assert SET["scheduling"]["tolerations"][0] in pod["tolerations"]
        assert pod["priorityClassName"] == "system-cluster-critical"
        assert pod["imagePullSecrets"] == [{"name": "pull"}]
        assert template["metadata"]["labels"]["team"] == "plant"
        assert template["metadata"]["annotations"]["example.com/scrape"] == "yes"
    applied(sites, name, {})
    assert pods(sites, name) == before
    sites.settle(name)
    services = [name for name in writes.to_children() if name.startswith("services/edited-gateway")]
    assert writes.to_children()["services/edited-gateway"] == 3, services
    assert writes.to_children()["deployments/edited-gateway"] == 3
    assert writes.to_children()["persistentvolumeclaims/edited-storage-data"] == 1


def bind(api: RawApi, claim: dict[str, Any], storage_class: str) -> str:
    """Make a volume for a claim and return its name; the real controller binds them."""
    metadata = claim["metadata"]
    name = f"{metadata['namespace']}-{metadata['name']}"
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    spec = {
        "capacity": {"storage": "100Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "hostPath": {"path": "/nowhere"},
        "claimRef": reference | {part: metadata[part] for part in ("name", "namespace", "uid")},
    }
    api("POST", "/api/v1/persistentvolumes", {"kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
    return name


def requested(sites: Sites, name: str) -> str:
    size: str = child(sites, PVC, f"{name}-storage-data")["spec"]["resources"]["requests"]["storage"]
    return size


def test_volume_grows_as_soon_as_it_may(sites: Sites, expandable: str) -> None:
    name = "growing"
    storage = {"size": "10Gi", "storageClassName": expandable}
    applied(sites, name, {"storage": storage})
    applied(sites, name, {"storage": storage | {"size": "20Gi"}, "processor": {"replicas": 1}})
    stalled = sites.condition(name, "Stalled")
    assert stalled["reason"] == "Invalid", "a claim without a volume cannot grow"
    assert f"PersistentVolumeClaim {sites.namespace}/{name}-storage-data is refused" in stalled["message"]
    assert child(sites, DEPLOYMENT, f"{name}-processor")["spec"]["replicas"] == 1, "the rest follows"
    assert requested(sites, name) == "10Gi"

    volume = bind(sites.api, child(sites, PVC, f"{name}-storage-data"), expandable)
    eventually("it grows", lambda: requested(sites, name) == "20Gi")
    eventually("nothing stalls", lambda: sites.condition(name, "Stalled") == {})
    applied(sites, name, {"storage": storage | {"size": "30Gi"}})
    assert requested(sites, name) == "30Gi", "at once, now that there is a volume"
    sites.delete(name)
    sites.api("DELETE", f"/api/v1/persistentvolumes/{volume}")


def test_volume_of_a_rigid_class_is_reported(sites: Sites) -> None:
    name = "rigid"
    storage = {"size": "10Gi", "storageClassName": "rigid"}
    applied(sites, name, {"storage": storage})
    volume = bind(sites.api, child(sites, PVC, f"{name}-storage-data"), "rigid")

    def bound() -> bool:
        return bool(child(sites, PVC, f"{name}-storage-data")["status"].get("phase") == "Bound")

    eventually("bound", bound)
    applied(sites, name, {"storage": storage | {"size": "20Gi"}})
    stalled = sites.condition(name, "Stalled")
    assert stalled["reason"] == "Refused"
    assert f"PersistentVolumeClaim {sites.namespace}/{name}-storage-data" in stalled["message"]
    assert "resize" in stalled["message"]
    sites.delete(name)
    sites.api("DELETE", f"/api/v1/persistentvolumes/{volume}")
