"""Who is cut off where nothing else of a site may be changed."""

from typing import Any

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.site.revocations import client_usernames, is_revoked, login_secrets
from edge_operator.desired.kinds import CONFIG_MAP, SECRET, ChildKind
from tests.edge_operator.control.samples import NAMESPACE, SITE, site

DEVICES = frozenset({"pump", "fan"})
CLIENTS = frozenset({"~grafana"})

REVOKED = {
    "a device that may log in": ("pump", CLIENTS, False),
    "a device that is gone or disabled": ("valve", CLIENTS, True),
    "a device, where the spec does not say who the clients are": ("valve", None, True),
    "a device of a client's name": ("grafana", CLIENTS, True),
    "a client": ("~grafana", CLIENTS, False),
    "a client that the spec no longer has": ("~nodered", CLIENTS, True),
    "the last client that the spec no longer has": ("~nodered", frozenset(), True),
    "a client, where the spec does not say": ("~nodered", None, False),
    "a client of a device's name": ("~pump", CLIENTS, True),
    "a component": ("~gateway", frozenset(), False),
    "the operator": ("~operator", frozenset(), False),
    "the broker's agent": ("~mqtt", frozenset(), False),
    "a component, where the spec does not say": ("~storage", None, False),
}


@pytest.mark.parametrize(("username", "clients", "revoked"), REVOKED.values(), ids=REVOKED)
def test_who_is_revoked(username: str, clients: frozenset[str] | None, *, revoked: bool) -> None:
    assert is_revoked(username, DEVICES, clients) is revoked


SPECS: dict[str, tuple[dict[str, Any], frozenset[str] | None]] = {
    "nothing said": ({}, frozenset()),
    "no clients": ({"broker": {"managed": {}}}, frozenset()),
    "clients": (
        {"broker": {"managed": {"clients": [{"name": "grafana"}, {"name": "nodered"}]}}},
        frozenset({"~grafana", "~nodered"}),
    ),
    "another's broker": ({"broker": {"type": "External", "external": {"url": "mqtt://b"}}}, None),
    "a spec that cannot be read": ({"gateway": {"replicas": "many"}}, None),
    "a client of a component's name": ({"broker": {"managed": {"clients": [{"name": "gateway"}]}}}, None),
}


@pytest.mark.parametrize(("spec", "usernames"), SPECS.values(), ids=SPECS)
def test_clients_of_a_spec(spec: dict[str, Any], usernames: frozenset[str] | None) -> None:
    assert client_usernames(site(**spec)) == usernames


PLANT = site()


def child(name: str, *, uid: str = "site-1", deleting: bool = False) -> dict[str, Any]:
    owner = {"apiVersion": API_VERSION, "kind": "EdgeSite", "name": SITE[1], "uid": uid, "controller": True}
    gone = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}
    head = {"namespace": NAMESPACE, "name": name, "uid": f"u-{name}", "resourceVersion": "1"}
    return {"metadata": {**head, "ownerReferences": [owner], **gone}}


SECRETS: dict[str, tuple[ChildKind, dict[str, Any], bool]] = {
    "the index": (SECRET, child("plant-mqtt-auth"), True),
    "a shard": (SECRET, child("plant-mqtt-auth-12"), True),
    "a shard that is no more": (SECRET, child("plant-mqtt-auth-3", deleting=True), False),
    "one of a site that was there before": (SECRET, child("plant-mqtt-auth", uid="site-0"), False),
    "the certificate": (SECRET, child("plant-mqtt-tls"), False),
    "another kind": (CONFIG_MAP, child("plant-mqtt-auth"), False),
}


@pytest.mark.parametrize(("kind", "obj", "looked_at"), SECRETS.values(), ids=SECRETS)
def test_which_objects_have_logins(kind: ChildKind, obj: dict[str, Any], *, looked_at: bool) -> None:
    children = ChildCache(lambda *_: None)
    children.put(kind, obj)
    key = ObjectKey(kind, NAMESPACE, obj["metadata"]["name"])
    assert [seen.key for seen in login_secrets(children, PLANT)] == ([key] if looked_at else [])


def test_secret_that_goes_while_others_are_read_ends_nothing() -> None:
    children = ChildCache(lambda *_: None)
    for name in ("plant-mqtt-auth", "plant-mqtt-auth-0", "plant-mqtt-auth-1"):
        children.put(SECRET, child(name))
    read = []
    for seen in login_secrets(children, PLANT):
        for name in ("plant-mqtt-auth", "plant-mqtt-auth-0", "plant-mqtt-auth-1"):
            children.delete(SECRET, child(name))
        read.append(seen.key.name)
    assert sorted(read) == ["plant-mqtt-auth", "plant-mqtt-auth-0", "plant-mqtt-auth-1"]
