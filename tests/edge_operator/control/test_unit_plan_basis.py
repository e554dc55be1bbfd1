"""What a plan takes from what is there already: volumes, the address of the load balancer, the stored spec."""

import datetime as dt
from typing import Any

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.own_passwords import OwnPasswords
from edge_operator.control.plan import Plans, SpecUnusableError, parse_spec
from edge_operator.control.resource import SiteObject
from edge_operator.control.resources import DeviceStore
from edge_operator.control.roots import Root
from edge_operator.control.rotations import Rotations
from edge_operator.control.store import ChildStore
from edge_operator.desired.kinds import PVC, SERVICE, ChildKind
from edge_operator.desired.release import Release
from tests.edge_operator.control.lives import site

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
ROOT = Root(b"k" * 32, "u", "5", made_anew=False, extra=(), intact=True)
OF_SITE = {"edge-stack.io/site": "plant", "app.kubernetes.io/managed-by": "edge-stack"}


def plans(store: ChildStore) -> Plans:
    passwords = OwnPasswords(lambda _: None)
    return Plans(
        Release("1"), store, DeviceStore(lambda *_: None), Rotations(store, lambda: NOW), passwords, lambda: NOW
    )


def put(store: ChildStore, kind: ChildKind, name: str, version: int = 1, **body: Any) -> None:
    head = {"namespace": "factory", "name": name, "uid": name, "resourceVersion": str(version), "labels": OF_SITE}
    store.put(kind, {"metadata": head, **body})


def test_volume_that_is_there_already_is_asked_for_as_large_as_it_is() -> None:
    store = ChildStore(lambda *_: None)
    put(store, PVC, "plant-storage-data", spec={"resources": {"requests": {"storage": "99Gi"}}})
    sizes = {
        intent.key.name: intent.manifest["spec"]["resources"]["requests"]["storage"]
        for intent in plans(store).intents(site(), ROOT)
        if intent.key.kind is PVC
    }
    assert sizes == {"plant-storage-data": "99Gi", "plant-mqtt-data": "1Gi", "plant-mqtt-log": "1Gi"}


def test_address_of_the_load_balancer_is_one_of_the_brokers_names() -> None:
    store = ChildStore(lambda *_: None)
    assert plans(store).outline(site(), ROOT).addresses == ()
    put(store, SERVICE, "plant-gateway", status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
    assert plans(store).outline(site(), ROOT).addresses == ("192.0.2.1",)


def test_two_volumes_are_told_apart() -> None:
    store = ChildStore(lambda *_: None)
    planned = plans(store)
    put(store, PVC, "plant-mqtt-data", 1)
    put(store, PVC, "plant-mqtt-log", 1)
    first = planned.plan(site(), ROOT).wanted
    assert planned.plan(site(), ROOT).wanted is first
    put(store, PVC, "plant-mqtt-log", 2)
    assert planned.plan(site(), ROOT).wanted is not first


def test_site_without_a_spec_is_one_of_defaults() -> None:
    assert parse_spec(SiteObject({"metadata": site().metadata})) == EdgeSiteSpec()


def test_first_of_two_mistakes_is_named() -> None:
    with pytest.raises(SpecUnusableError, match=r"^spec\.gateway\.replicas: .*: correct the spec of the EdgeSite"):
        parse_spec(site(gateway={"replicas": "many"}, processor={"replicas": "few"}))
