"""What a reconcile does about a site, from what it has seen: named cases."""

from dataclasses import replace
from typing import Any

import pytest

from edge_operator.api.schema import API_VERSION
from edge_operator.control.cache.child_cache import SITE as KIND
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.diff.desired_object import DesiredObject, desired_object
from edge_operator.control.diff.observed import observe
from edge_operator.control.site.actions import SiteActions, pending_changes, site_actions
from edge_operator.control.site.observation import DesiredSite, SiteObservation, UserSecrets
from edge_operator.control.site.plan import Plan
from edge_operator.desired.kinds import CONFIG_MAP
from edge_operator.status.facts import Problem, TopicFacts
from tests.edge_operator.control.samples import NAMESPACE, SITE, site
from tests.edge_operator.desired.sites import FULL, make_site

OWNER = {"apiVersion": API_VERSION, "kind": KIND, "name": SITE[1], "uid": "site-1", "controller": True}
ROOT = RootKey(b"k" * 32, "u", "5", regenerated=False, extra=(), valid=True)


def child(name: str) -> dict[str, Any]:
    """Return a ConfigMap of the site as it is stored, but for what its manager owns."""
    head = {"namespace": NAMESPACE, "name": name, "uid": f"u-{name}", "resourceVersion": "1"}
    return {"metadata": {**head, "ownerReferences": [OWNER]}}


def wanted(name: str, kind: str = "ConfigMap") -> DesiredObject:
    metadata = {"namespace": NAMESPACE, "name": name, "ownerReferences": [OWNER], "labels": {}}
    return desired_object({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": {"k": "v"}})


KEPT, SURPLUS = observe(CONFIG_MAP, child("kept")), observe(CONFIG_MAP, child("surplus"))
PLAN = Plan.of([wanted("kept")])
REVOCATIONS = Plan.of([wanted("plant-mqtt-auth", "Secret")])
DESIRED = DesiredSite(ROOT, make_site(), PLAN)
WELL = SiteObservation(site(), DESIRED, None, (KEPT, SURPLUS), REVOCATIONS, UserSecrets(), TopicFacts())
PAUSED = replace(WELL, site=site(paused=True))

CASES: dict[str, tuple[SiteObservation, SiteActions]] = {
    "as it should be": (replace(WELL, owned=(KEPT,)), SiteActions(PLAN)),
    "an object that is not desired": (WELL, SiteActions(PLAN, (SURPLUS,))),
    "of a site that was there before": (replace(WELL, site=site(uid="site-2")), SiteActions(PLAN)),
    "paused": (PAUSED, SiteActions(REVOCATIONS)),
    "paused without a root key": (replace(PAUSED, desired=None), SiteActions(REVOCATIONS)),
    "a Secret or a host in the spec must not be used": (
        replace(WELL, secrets=UserSecrets(refusals=(Problem("SecretUnusable", "m"),))),
        SiteActions(REVOCATIONS),
    ),
    "spec or root key unusable": (
        replace(WELL, desired=None, problem=Problem("SpecInvalid", "m")),
        SiteActions(REVOCATIONS),
    ),
}


@pytest.mark.parametrize(("seen", "expected"), CASES.values(), ids=CASES)
def test_actions(seen: SiteObservation, expected: SiteActions) -> None:
    assert site_actions(seen) == expected


RECHECKS: dict[str, tuple[SiteObservation, bool]] = {
    "all is watched": (WELL, False),
    "a problem that only its Secret or spec can end": (
        replace(WELL, desired=None, problem=Problem("SpecInvalid", "m")),
        True,
    ),
    "a broker of the user": (replace(WELL, site=site(broker={"type": "External"})), True),
    "a certificate of the user": (
        replace(WELL, site=site(broker={"managed": {"tls": {"secretRef": {"name": "t"}}}})),
        True,
    ),
    "a Secret of the user for a sink": (replace(WELL, desired=replace(DESIRED, described=make_site(FULL))), True),
}


@pytest.mark.parametrize(("seen", "expected"), RECHECKS.values(), ids=RECHECKS)
def test_who_is_looked_at_again_without_an_event(seen: SiteObservation, *, expected: bool) -> None:
    assert seen.needs_recheck is expected


def children(*names: str) -> ChildCache:
    found = ChildCache(lambda *_: None)
    for name in names:
        found.put(CONFIG_MAP, child(name))
    return found


PENDING: dict[str, tuple[RootKey, ChildCache, tuple[str, ...]]] = {
    "a missing object": (ROOT, children(), (f"ConfigMap {NAMESPACE}/kept",)),
    "objects to remove come last and sorted": (
        ROOT,
        children("surplus", "old", "even-older", "b", "a"),
        (
            f"ConfigMap {NAMESPACE}/kept",
            *(f"removal of ConfigMap {NAMESPACE}/{name}" for name in ("a", "b", "even-older", "old", "surplus")),
        ),
    ),
    "the root key comes first": (
        replace(ROOT, valid=False),
        children(),
        (f"Secret {NAMESPACE}/{SITE[1]}-root", f"ConfigMap {NAMESPACE}/kept"),
    ),
}


@pytest.mark.parametrize(("root", "cached", "expected"), PENDING.values(), ids=PENDING)
def test_pending_changes_of_a_paused_site(root: RootKey, cached: ChildCache, expected: tuple[str, ...]) -> None:
    assert pending_changes(PAUSED.site, replace(DESIRED, root=root), cached) == expected
