"""A site on the real API server: created, paused, moved, upgraded, deleted, created again."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client

from e2e.cluster.audit import AuditCursor
from edge_operator.desired.kinds import CONFIG_MAP, DEPLOYMENT, PVC, SECRET
from tests.support.processes import OPERATOR_USER, OperatorFactory, OperatorProcess, eventually
from tests.support.rawapi import RawApi
from tests.support.secrets_in_logs import leaked_keys
from tests.support.sites import Sites, kind_path

# The garbage collector looks for new kinds of owner, such as ours, every 30 s: the first collection waits for that,
# so the tests that need one come last.
COLLECTED_SECONDS = 90


@pytest.fixture(scope="module")
def operator(make_operator: OperatorFactory) -> OperatorProcess:
    return make_operator(EDGE_LOOK_AGAIN_SECONDS="5").start().await_leading()


@pytest.fixture
def sites(operator: OperatorProcess, namespace: str, api: client.ApiClient) -> Iterator[Sites]:
    sites = Sites.of(api, namespace)
    yield sites
    for item in sites.api("GET", sites.path("").rstrip("/"))["items"]:
        sites.delete(item["metadata"]["name"])


def made(sites: Sites, name: str, spec: dict[str, Any] | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Apply a site and return its children."""
    sites.apply(name, spec)
    sites.await_reconciled(name)
    return sites.children(name)


def secret_data(children: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    return {name: obj["data"] for (kind, name), obj in children.items() if kind == "Secret"}


def written(audit: AuditCursor, namespace: str) -> list[tuple[str, str]]:
    """Return what operators wrote in a namespace: resource (with subresource) and name, Events aside."""
    return sorted(
        ("/".join(filter(None, (event.resource, event.subresource))), event.name)
        for event in audit.writes(user=OPERATOR_USER)
        if event.namespace == namespace and event.resource != "events"
    )


def gone(sites: Sites, name: str) -> bool:
    """Whether nothing is left of a site but what outlives it."""
    left = {kind for kind, _ in sites.children(name)}
    return left <= {"PersistentVolumeClaim", "Secret"} and len(sites.children(name)) == 4


def test_root_secret_comes_back_with_the_same_key(sites: Sites, operator: OperatorProcess) -> None:
    before = made(sites, "rooted")
    path = kind_path(SECRET, sites.namespace, "rooted-root")
    key = before["Secret", "rooted-root"]["data"]["key"]
    harms: list[Callable[[], object]] = [
        lambda: sites.api("DELETE", path),
        lambda: sites.api.merge(path, {"data": {"key": base64.b64encode(b"x" * 32).decode()}}),
        lambda: sites.api.merge(path, {"data": {"key": "AAAA"}}),
        lambda: sites.api.merge(path, {"metadata": {"labels": {"edge-stack.io/site": None}}}),
    ]
    for harm in harms:
        harm()

        def intact() -> bool:
            found = sites.child(SECRET, "rooted-root")
            labels = (found or {"metadata": {}})["metadata"].get("labels", {})
            return found is not None and found["data"]["key"] == key and "edge-stack.io/site" in labels

        eventually("the root is as it was", intact, 5)
    assert secret_data(sites.children("rooted")) == secret_data(before)


def test_no_secret_is_logged(sites: Sites, operator: OperatorProcess) -> None:
    children = made(sites, "silent")
    log = operator.log.read_text()
    for name, data in secret_data(children).items():
        assert leaked_keys(log, data) == [], name


def test_foreign_object_is_left_alone_and_reported(sites: Sites) -> None:
    path = kind_path(CONFIG_MAP, sites.namespace, "guest-mqtt")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "guest-mqtt"}, "data": {"acl": "mine"}}
    theirs = sites.api("POST", path.rpartition("/")[0], body)
    children = made(sites, "guest")
    assert ("Deployment", "guest-gateway") in children, "the rest comes up"
    stalled = sites.condition("guest", "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "NotOurs")
    assert f"ConfigMap {sites.namespace}/guest-mqtt exists and has no owner" in stalled["message"]
    assert sites.child(CONFIG_MAP, "guest-mqtt") == theirs, "untouched"
    sites.api("DELETE", path)
    eventually("it heals by itself", lambda: sites.condition("guest", "Stalled") == {}, 20)
    assert "mosquitto.conf" in (sites.child(CONFIG_MAP, "guest-mqtt") or {})["data"]


def test_paused_site_is_observed_only(sites: Sites, audit: AuditCursor) -> None:
    made(sites, "resting")
    sites.apply("resting", {"paused": True})
    eventually("it is paused", lambda: sites.status("resting").get("phase") == "Paused")
    audit.advance()
    sites.api("DELETE", kind_path(DEPLOYMENT, sites.namespace, "resting-gateway"))
    sites.apply("resting", {"paused": True, "processor": {"replicas": 1}})

    def waits() -> bool:
        ready = sites.condition("resting", "Ready")
        is_named = f"Deployment {sites.namespace}/resting-gateway" in ready["message"]
        return is_named and (ready["status"], ready["reason"]) == ("False", "Paused")

    eventually("Ready names what waits", waits)
    sites.settle("resting")
    assert {resource for resource, _ in written(audit, sites.namespace)} <= {"edgesites/status"}
    sites.apply("resting", {"paused": False, "processor": {"replicas": 1}})

    def caught_up() -> bool:
        processor = sites.child(DEPLOYMENT, "resting-processor")
        return bool(processor and processor["spec"]["replicas"] == 1 and sites.child(DEPLOYMENT, "resting-gateway"))

    eventually("it catches up", caught_up)


def test_broker_moves_out_and_back(sites: Sites) -> None:
    before = made(sites, "moving")
    external = {"type": "External", "external": {"url": "mqtts://broker.example.com:8883"}}
    made(sites, "moving", {"broker": external})

    def moved() -> bool:
        left = {name for kind, name in sites.children("moving") if "mqtt" in name and kind != "PersistentVolumeClaim"}
        return not left

    eventually("Mosquitto is gone", moved, 30)
    assert {"moving-mqtt-data", "moving-mqtt-log"} <= {name for _, name in sites.children("moving")}, "its data stays"
    made(sites, "moving")
    eventually("Mosquitto is back", lambda: set(sites.children("moving")) == set(before), 20)


def test_change_rolls_only_what_it_concerns(sites: Sites, audit: AuditCursor) -> None:
    made(sites, "narrow")
    eventually("it is quiet", lambda: sites.condition("narrow", "Reconciling"))
    audit.advance()
    rules = [{"name": "cold", "sensorType": "temperature", "below": 0}]
    made(sites, "narrow", {"processor": {"rules": rules}})
    changed = set(written(audit, sites.namespace)) - {("edgesites/status", "narrow")}
    assert changed == {("configmaps", "narrow-processor"), ("deployments", "narrow-processor")}
    audit.advance()
    clients = [{"name": "scada", "subscribe": ["alerts/+"]}]
    made(sites, "narrow", {"processor": {"rules": rules}, "broker": {"managed": {"clients": clients}}})
    changed = set(written(audit, sites.namespace)) - {("edgesites/status", "narrow")}
    assert changed == {
        ("configmaps", "narrow-mqtt"),
        ("deployments", "narrow-mqtt"),
        ("secrets", "narrow-client-scada"),
        ("secrets", "narrow-mqtt-auth"),
    }


def test_upgraded_operator_rolls_the_images(
    operator: OperatorProcess, make_operator: OperatorFactory, sites: Sites, audit: AuditCursor
) -> None:
    made(sites, "aged")
    operator.stop()
    audit.advance()
    newer = make_operator(EDGE_RELEASE="9.9.9").start().await_leading()

    def rolled() -> bool:
        images = {
            sites.child(DEPLOYMENT, f"aged-{part}")["spec"]["template"]["spec"]["containers"][0]["image"]  # type: ignore[index]
            for part in ("gateway", "processor", "storage")
        }
        return all(image.endswith(":9.9.9") for image in images)

    eventually("the images of the new release", rolled)
    eventually("nothing is left to do", lambda: newer.metric("edge_queue_depth") == 0)
    changed = {name for resource, name in written(audit, sites.namespace) if resource == "deployments"}
    others = {resource for resource, _ in written(audit, sites.namespace)} - {"deployments", "edgesites/status"}
    assert {name for name in changed if name.startswith("aged")} == {
        "aged-gateway",
        "aged-processor",
        "aged-storage",
        "aged-mqtt",
    }, "the broker for its agent"
    assert others == set()
    newer.stop()
    operator.start().await_leading()


def test_namespace_with_sites_can_be_deleted(
    make_operator: OperatorFactory, api: client.ApiClient, audit: AuditCursor
) -> None:
    core, name = client.CoreV1Api(api), "condemned"
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    operator = make_operator(EDGE_WATCH_NAMESPACES=name, EDGE_LEASE_NAME=f"lease-{name}").start().await_leading()
    sites = Sites(RawApi(api), name)
    for number in range(3):
        made(sites, f"site-{number}")
    audit.advance()
    core.delete_namespace(name)
    listed = f"metadata.name={name}"
    eventually("the namespace is gone", lambda: not core.list_namespace(field_selector=listed).items, 60)
    assert operator.get("/healthz")[0] == 200
    assert len(written(audit, name)) < 300, "no storm against a namespace that is going away"
    assert not [line for line in operator.lines() if line["level"] == "error"]
    operator.stop()


def test_deleted_site_leaves_its_volumes_and_root_and_comes_back_over_them(sites: Sites) -> None:
    before = made(sites, "phoenix", {"storage": {"size": "20Gi"}})
    sites.delete("phoenix")
    eventually("only volumes and root are left", lambda: gone(sites, "phoenix"), COLLECTED_SECONDS)
    after = made(sites, "phoenix")
    assert secret_data(after) == secret_data(before), "every credential is the same"
    claim = after["PersistentVolumeClaim", "phoenix-storage-data"]
    assert claim["metadata"]["uid"] == before["PersistentVolumeClaim", "phoenix-storage-data"]["metadata"]["uid"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "20Gi", "a larger volume is taken as it is"
    assert sites.condition("phoenix", "Stalled") == {}


def test_site_deleted_and_created_at_once_is_not_fought_over(sites: Sites) -> None:
    before = made(sites, "quick")
    old = sites.get("quick")["metadata"]["uid"]
    sites.delete("quick")
    sites.apply("quick")

    def renewed() -> bool:
        now = sites.children("quick")
        owners = {
            o["metadata"]["ownerReferences"][0]["uid"] for o in now.values() if "ownerReferences" in o["metadata"]
        }
        return set(now) == set(before) and old not in owners

    eventually("every child belongs to the new site", renewed, 40)
    eventually("it is not stalled", lambda: sites.condition("quick", "Stalled") == {}, 20)


def test_reclaim_policy_is_an_owner_reference(sites: Sites) -> None:
    made(sites, "reclaim", {"storage": {"reclaimPolicy": "Delete"}})

    def owned() -> bool:
        claim = sites.child(PVC, "reclaim-storage-data")
        return claim is not None and "ownerReferences" in claim["metadata"]

    assert owned()
    made(sites, "reclaim", {"storage": {"reclaimPolicy": "Retain"}})
    eventually("the volume outlives the site", lambda: not owned())
    made(sites, "reclaim", {"storage": {"reclaimPolicy": "Delete"}})
    eventually("the volume goes with the site", owned)
    sites.delete("reclaim")
    eventually(
        "volumes are being deleted",
        lambda: not any(kind == "PersistentVolumeClaim" for kind, _ in sites.children("reclaim")),
        40,
    )
