"""What the status of a site keeps while its spec is unusable."""

from typing import Any

import pytest

from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.site.facts import stale_facts
from edge_operator.status.facts import ComponentFacts, Problem, SiteFacts
from tests.edge_operator.control.samples import site


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
    )


def test_nothing_is_known_of_a_site_whose_spec_never_was_usable() -> None:
    for known in (site(generation=4), with_status(components=None, endpoints=None)):
        assert stale_facts(known, PROBLEM) == SiteFacts(4, problems=(PROBLEM,))
