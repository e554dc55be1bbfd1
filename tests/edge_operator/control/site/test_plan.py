"""The plan of a site: built when what it depends on changes, and kept for comparison."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.cache.user_passwords import UserPasswords
from edge_operator.control.credentials.device_rotations import DeviceRotations
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.site.plan import Plans
from edge_operator.control.site.spec import SpecUnusableError
from edge_operator.desired.kinds import DEPLOYMENT, PVC
from edge_operator.desired.release import Release
from edge_operator.identity.certificates import PERIOD
from tests.edge_operator.control.fake_client import site_body

NOW = dt.datetime(2026, 7, 1, 12, 0, tzinfo=dt.UTC)
RELEASE = Release("1.0.0")
ROOT = RootKey(b"k" * 32, "u", "5", regenerated=False, extra=(), valid=True)
KEY = ("ns", "hall")

PlansKind = TypeVar("PlansKind", bound=Plans)


def plans_over(
    children: ChildCache,
    kind: type[PlansKind],
    devices: DeviceCache | None = None,
    wall_clock: Callable[[], dt.datetime] = lambda: NOW,
    usable_secrets: Callable[[ResourceKey], frozenset[str]] = lambda _: frozenset(),
) -> PlansKind:
    return kind(
        RELEASE,
        children,
        devices or DeviceCache(lambda *_: None),
        DeviceRotations(children, wall_clock),
        UserPasswords(lambda _: None),
        wall_clock,
        usable_secrets,
    )


class CountingPlans(Plans):
    """Counts how often manifests are built."""

    built = 0

    def objects(self, site: CachedSite, root: RootKey) -> list[Any]:
        self.built += 1
        return super().objects(site, root)


@pytest.mark.parametrize(
    ("site", "root", "builds"),
    [
        pytest.param(CachedSite(site_body(2)), ROOT, 1, id="status has changed: nothing to build"),
        pytest.param(CachedSite(site_body(2, "u2")), ROOT, 2, id="site made anew"),
        pytest.param(
            CachedSite(site_body(2)),
            RootKey(b"x" * 32, "u", "6", regenerated=False, extra=(), valid=True),
            2,
            id="root",
        ),
    ],
)
def test_plans_are_built_only_when_their_basis_changes(site: CachedSite, root: RootKey, builds: int) -> None:
    plans = plans_over(ChildCache(lambda *_: None), CountingPlans)
    first = plans.plan(CachedSite(site_body(1)), ROOT).digests
    assert plans.plan(CachedSite(site_body(1)), ROOT).digests is first
    plans.plan(site, root)
    assert plans.built == builds


def test_new_period_makes_the_certificate_anew_and_nothing_else() -> None:
    now = NOW
    plans = plans_over(ChildCache(lambda *_: None), Plans, wall_clock=lambda: now)
    before = {want.key.name: want.hash for want in plans.plan(CachedSite(site_body()), ROOT).digests}
    now += PERIOD
    after = {want.key.name: want.hash for want in plans.plan(CachedSite(site_body()), ROOT).digests}
    assert {name for name in before if before[name] != after[name]} == {"hall-mqtt-tls"}


def test_what_had_to_be_built_to_compare_is_not_built_again_to_apply() -> None:
    plans = plans_over(ChildCache(lambda *_: None), CountingPlans)
    built = plans.plan(CachedSite(site_body(1)), ROOT).build()
    assert plans.built == 1
    unchanged = plans.plan(CachedSite(site_body(1)), ROOT)
    assert plans.built == 1, "nothing to build before something is to be done"
    assert [each.hash for each in unchanged.build()] == [each.hash for each in built]


def test_plan_of_a_site_that_is_gone_is_forgotten() -> None:
    plans = plans_over(ChildCache(lambda *_: None), CountingPlans)
    plans.plan(CachedSite(site_body()), ROOT)
    plans.remove(KEY)
    plans.remove(KEY)
    assert not plans._digests  # noqa: SLF001 - what grows is not seen from outside


def test_changed_volume_is_planned_anew() -> None:
    children = ChildCache(lambda *_: None)
    plans = plans_over(children, CountingPlans)
    plans.plan(CachedSite(site_body()), ROOT)
    labels = {"edge-stack.io/site": "hall", "app.kubernetes.io/managed-by": "edge-stack"}
    metadata = {"namespace": "ns", "name": "hall-storage-data", "uid": "p", "resourceVersion": "1", "labels": labels}
    children.put(PVC, {"metadata": metadata, "spec": {"resources": {"requests": {"storage": "99Gi"}}}})
    plans.plan(CachedSite(site_body()), ROOT)
    assert plans.built == 2


def test_spec_of_other_rules_is_unusable_and_says_where() -> None:
    plans = plans_over(ChildCache(lambda *_: None), Plans)
    with pytest.raises(SpecUnusableError, match=r"spec\.gateway\.replicas.*correct the spec of the EdgeSite ns/hall"):
        plans.plan(CachedSite(site_body() | {"spec": {"gateway": {"replicas": "many"}}}), ROOT)


def test_secret_of_a_sink_that_gets_the_label_changes_the_deployment_only() -> None:
    usable = frozenset[str]()
    plans = plans_over(ChildCache(lambda *_: None), Plans, usable_secrets=lambda _: usable)
    cloud = {"endpoint": "https://c", "credentialsSecretRef": {"name": "login"}}
    site = CachedSite(site_body() | {"spec": {"cloud": cloud}})
    before = {each.key: each for each in plans.plan(site, ROOT).digests}
    usable = frozenset({"login"})
    changed = [each.key for each in plans.plan(site, ROOT).digests if each != before[each.key]]
    assert [(key.kind, key.name) for key in changed] == [(DEPLOYMENT, "hall-processor")]


@pytest.mark.parametrize("status", [{"phase": "Sleeping"}, {"components": [{"name": "lights"}]}, {"conditions": [{}]}])
def test_status_of_another_release_does_not_make_the_spec_unusable(status: dict[str, Any]) -> None:
    plans = plans_over(ChildCache(lambda *_: None), Plans)
    assert plans.plan(CachedSite(site_body(status=status)), ROOT).digests


def test_outline_is_the_site_without_its_devices() -> None:
    devices = DeviceCache(lambda *_: None)
    devices.put(site_body(1, "d1", "pump") | {"spec": {"siteRef": {"name": "hall"}}})
    plans = plans_over(ChildCache(lambda *_: None), Plans, devices)
    whole, outline = plans.full(CachedSite(site_body()), ROOT), plans.without_devices(CachedSite(site_body()), ROOT)
    assert [each.device_id for each in whole.devices] == ["pump"]
    assert outline == replace(whole, devices=())


def test_spec_of_which_an_object_cannot_be_created_is_unusable() -> None:
    plans = plans_over(ChildCache(lambda *_: None), Plans)
    clients = [{"name": "scada", "subscribe": ["edge/#"]}]
    site = CachedSite(site_body() | {"spec": {"broker": {"managed": {"clients": clients}}}})
    message = r"broker\.managed\.clients\[scada\].*: correct the spec of the EdgeSite ns/hall"
    with pytest.raises(SpecUnusableError, match=message) as raised:
        plans.plan(site, ROOT)
    assert raised.value.problem.reason == "SpecInvalid"


def test_metadata_of_a_child_needs_neither_spec_nor_root_key() -> None:
    plans = plans_over(ChildCache(lambda *_: None), Plans)
    site = CachedSite(site_body() | {"spec": {"gateway": {"replicas": "many"}}})
    described = plans.metadata_only(site)
    assert (described.namespace, described.name, described.uid) == (*KEY, site.owner_ref.uid)
    assert (described.spec, described.release, described.root) == (EdgeSiteSpec(), RELEASE, b"")
