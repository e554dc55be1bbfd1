"""What a plan takes from what is there already: volumes, the address of the load balancer, the stored spec."""

import datetime as dt
from typing import Any

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.cache.user_passwords import UserPasswords
from edge_operator.control.credentials.device_rotations import DeviceRotations
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.site.plan import Plans
from edge_operator.control.site.spec import SpecUnusableError, parse_spec
from edge_operator.desired.kinds import PVC, SERVICE, ChildKind
from edge_operator.desired.release import Release
from tests.edge_operator.control.samples import site

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
ROOT = RootKey(b"k" * 32, "u", "5", regenerated=False, extra=(), valid=True)
OF_SITE = {"edge-stack.io/site": "plant", "app.kubernetes.io/managed-by": "edge-stack"}


def plans(children: ChildCache) -> Plans:
    passwords = UserPasswords(lambda _: None)
    return Plans(
        Release("1"),
        children,
        DeviceCache(lambda *_: None),
        DeviceRotations(children, lambda: NOW),
        passwords,
        lambda: NOW,
        lambda _: frozenset(),
    )


def put(children: ChildCache, kind: ChildKind, name: str, version: int = 1, **body: Any) -> None:
    head = {"namespace": "factory", "name": name, "uid": name, "resourceVersion": str(version), "labels": OF_SITE}
    children.put(kind, {"metadata": head, **body})


def test_volume_that_is_there_already_is_asked_for_as_large_as_it_is() -> None:
    children = ChildCache(lambda *_: None)
    put(children, PVC, "plant-storage-data", spec={"resources": {"requests": {"storage": "99Gi"}}})
    sizes = {
        desired.key.name: desired.manifest["spec"]["resources"]["requests"]["storage"]
        for desired in plans(children).objects(site(), ROOT)
        if desired.key.kind is PVC
    }
    assert sizes == {"plant-storage-data": "99Gi", "plant-mqtt-data": "1Gi", "plant-mqtt-log": "1Gi"}


def test_address_of_the_load_balancer_is_one_of_the_brokers_names() -> None:
    children = ChildCache(lambda *_: None)
    assert plans(children).without_devices(site(), ROOT).addresses == ()
    put(children, SERVICE, "plant-gateway", status={"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})
    assert plans(children).without_devices(site(), ROOT).addresses == ("192.0.2.1",)


def test_two_volumes_are_told_apart() -> None:
    children = ChildCache(lambda *_: None)
    planned = plans(children)
    put(children, PVC, "plant-mqtt-data", 1)
    put(children, PVC, "plant-mqtt-log", 1)
    first = planned.plan(site(), ROOT).digests
    assert planned.plan(site(), ROOT).digests is first
    put(children, PVC, "plant-mqtt-log", 2)
    assert planned.plan(site(), ROOT).digests is not first


def test_site_without_a_spec_is_one_of_defaults() -> None:
    assert parse_spec(CachedSite({"metadata": site().metadata})) == EdgeSiteSpec()


def test_first_of_two_mistakes_is_named() -> None:
    with pytest.raises(SpecUnusableError, match=r"^spec\.gateway\.replicas: .*: correct the spec of the EdgeSite"):
        parse_spec(site(gateway={"replicas": "many"}, processor={"replicas": "few"}))
