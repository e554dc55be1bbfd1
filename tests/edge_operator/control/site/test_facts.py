"""The facts that the status of a site is computed from, after a reconcile and while its spec is unusable."""

from dataclasses import replace
from typing import Any

import pytest

from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site.facts import ROOT_REGENERATED, site_facts, stale_facts
from edge_operator.control.site.observation import UserSecrets
from edge_operator.desired.kinds import DEPLOYMENT, SERVICE
from edge_operator.status.facts import BrokerFacts, ComponentFacts, Problem, SiteFacts, TopicFacts
from tests.edge_operator.control.samples import NAMESPACE, site
from tests.edge_operator.control.site.test_actions import DESIRED, OWNER, PAUSED, ROOT, WELL
from tests.edge_operator.desired.sites import make_site


def with_status(**status: Any) -> CachedSite:
    return CachedSite({**site(generation=4).body, "status": status})


PROBLEM = Problem("SpecInvalid", "correct it")


@pytest.mark.parametrize("paused", [True, False])
def test_what_runs_is_still_told_while_the_spec_is_unusable(*, paused: bool) -> None:
    parts = [{"name": "gateway", "image": "g:1", "desired": 3, "ready": 2}]
    known = site(generation=4, paused=paused).body
    known = {**known, "status": {"components": parts, "endpoints": {"http": "http://h:80"}}}
    assert stale_facts(CachedSite(known), PROBLEM) == SiteFacts(
        4,
        paused=paused,
        problems=(PROBLEM,),
        components=(ComponentFacts("gateway", "g:1", 3, 2),),
        endpoints={"http": "http://h:80"},
        sinks=None,
    )


def test_nothing_is_known_of_a_site_whose_spec_never_was_usable() -> None:
    for known in (site(generation=4), with_status(components=None, endpoints=None)):
        assert stale_facts(known, PROBLEM) == SiteFacts(4, problems=(PROBLEM,), sinks=None)


BROKER = BrokerFacts(connected=True, message="m")
LASTING, PASSING = Problem("A", "z lasts"), Problem("B", "a passes", lasting=False)
CA = Problem("CertificateNotFound", "b passes", lasting=False)


def cached() -> ChildCache:
    """Return the children of a site: its gateway's Service and Deployment."""
    children = ChildCache(lambda *_: None)
    described = DESIRED.described
    name = f"{described.name}-gateway"
    head = {"namespace": described.namespace, "name": name, "resourceVersion": "1", "ownerReferences": [OWNER]}
    ports = [{"name": "http", "port": 8080}]
    children.put(SERVICE, {"metadata": {**head, "uid": "s"}, "spec": {"ports": ports}})
    children.put(DEPLOYMENT, {"metadata": {**head, "uid": "d", "generation": 1}, "status": {"readyReplicas": 1}})
    return children


def test_facts_of_a_site_that_was_reconciled() -> None:
    done = Report(problems=(PASSING, LASTING), terminating=("ConfigMap x",))
    seen = replace(WELL, site=site(generation=4), topics=TopicFacts(dropping_seconds=9.0))
    facts = site_facts(seen, done, cached(), BROKER)
    gateway = next(part for part in facts.components if part.name == "gateway")
    described = DESIRED.described
    assert facts == SiteFacts(
        4,
        terminating=("ConfigMap x",),
        problems=(LASTING, PASSING),
        components=facts.components,
        endpoints={"http": f"http://{described.name}-gateway.{described.namespace}.svc:8080"},
        broker=BROKER,
        topics=TopicFacts(dropping_seconds=9.0),
    )
    assert (len(facts.components), gateway.ready) == (4, 1)


def test_problem_of_a_user_secret_is_one_of_the_site() -> None:
    seen = replace(WELL, secrets=UserSecrets(ca_problem=CA))
    assert site_facts(seen, Report(problems=(LASTING, PASSING)), cached(), None).problems == (
        LASTING,
        PASSING,
        CA,
    )


def test_cloud_and_a_new_root_key_are_facts() -> None:
    cloud = {"cloud": {"endpoint": "https://cloud.example.com"}}
    desired = replace(DESIRED, described=make_site(cloud), root=replace(ROOT, regenerated=True))
    secrets = UserSecrets(sink_problems={"cloud": "no Secret"})
    facts = site_facts(replace(WELL, desired=desired, secrets=secrets), Report(), cached(), None)
    assert (facts.sinks, facts.sink_problems, facts.notices) == (
        ("cloud",),
        {"cloud": "no Secret"},
        (ROOT_REGENERATED,),
    )
    assert ROOT_REGENERATED.message == (
        "the root Secret was lost and a new one was created: every credential has changed; remove its annotation"
        " edge-stack.io/made-anew to clear this message"
    )


def test_paused_site_has_pending_changes() -> None:
    facts = site_facts(PAUSED, Report(), cached(), None)
    assert facts.paused
    assert facts.pending_changes[0] == f"ConfigMap {NAMESPACE}/kept"


def test_paused_site_without_a_root_key_waits_for_everything() -> None:
    facts = site_facts(replace(PAUSED, desired=None), Report(problems=(PASSING,)), cached(), None)
    assert facts == SiteFacts(1, paused=True, pending_changes=("everything",), problems=(PASSING,), sinks=None)


def test_unusable_spec_comes_before_other_problems() -> None:
    parts = [{"name": "gateway", "image": "g:1", "desired": 3, "ready": 2}]
    seen = replace(WELL, desired=None, problem=PROBLEM, site=with_status(components=parts))
    facts = site_facts(seen, Report(problems=(LASTING,)), cached(), None)
    assert facts == replace(stale_facts(seen.site, PROBLEM), problems=(PROBLEM, LASTING))
