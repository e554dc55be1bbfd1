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


def limit(sites: Sites, name: str) -> str:
    """Return the limit of the store's files, as its Deployment has it."""
    template = child(sites, DEPLOYMENT, f"{name}-storage")["spec"]["template"]
    variables = {each["name"]: each.get("value") for each in template["spec"]["containers"][0]["env"]}
    return str(variables["RETENTION_MAX_BYTES"])


GIB = 1024**3


def test_volume_grows_as_soon_as_it_may(sites: Sites, expandable: str, writes: OperatorWrites) -> None:
    name = "growing"
    storage = {"size": "10Gi", "storageClassName": expandable}
    applied(sites, name, {"storage": storage})
    applied(sites, name, {"storage": storage | {"size": "20Gi"}, "processor": {"replicas": 1}})
    assert sites.condition(name, "Stalled") == {}, "it waits for its volume"
    assert child(sites, DEPLOYMENT, f"{name}-processor")["spec"]["replicas"] == 1, "the rest follows"
    assert requested(sites, name) == "10Gi"
    assert [event.code for event in writes.all() if event.code >= 400 and event.resource != "edgesites"] == []

    volume = bind(sites.api, child(sites, PVC, f"{name}-storage-data"), expandable)
    eventually("it grows", lambda: requested(sites, name) == "20Gi")
    eventually("the store may fill the volume that it has", lambda: limit(sites, name) == str(85 * GIB))
    applied(sites, name, {"storage": storage | {"size": "30Gi"}})
    assert requested(sites, name) == "30Gi", "at once, now that there is a volume"

    applied(sites, name, {"storage": storage})
    assert requested(sites, name) == "30Gi", "a volume cannot shrink"
    assert sites.condition(name, "Stalled") == {}
    assert (
        f"PersistentVolumeClaim {sites.namespace}/{name}-storage-data keeps 30Gi, although spec.storage.size is 10Gi"
        in sites.condition(name, "Ready")["message"]
    )
    sites.delete(name)
    sites.api("DELETE", f"/api/v1/persistentvolumes/{volume}")


def test_size_that_the_class_does_not_grant_can_be_taken_back(sites: Sites, writes: OperatorWrites) -> None:
    name = "rigid"
    storage = {"size": "100Gi", "storageClassName": "rigid"}
    applied(sites, name, {"storage": storage})
    volume = bind(sites.api, child(sites, PVC, f"{name}-storage-data"), "rigid")

    def bound() -> bool:
        return bool(child(sites, PVC, f"{name}-storage-data")["status"].get("phase") == "Bound")

    eventually("bound", bound)
    sites.settle(name)
    writes.restart()
    applied(sites, name, {"storage": storage | {"size": "200Gi"}})
    stalled = sites.condition(name, "Stalled")
    assert stalled["reason"] == "VolumeNotExpandable"
    claim = f"PersistentVolumeClaim {sites.namespace}/{name}-storage-data"
    assert stalled["message"].startswith(f"{claim} keeps 100Gi instead of 200Gi: its StorageClass rigid cannot expand")
    assert "set spec.storage.size back to 100Gi" in stalled["message"]
    assert limit(sites, name) == str(85 * GIB)

    applied(sites, name, {"storage": storage})
    assert sites.condition(name, "Stalled") == {}
    assert "VolumeNotExpandable" not in str(sites.status(name)["conditions"])
    assert writes.to_children()[f"deployments/{name}-storage"] == 0, "the store was never restarted"
    sites.delete(name)
    sites.api("DELETE", f"/api/v1/persistentvolumes/{volume}")
