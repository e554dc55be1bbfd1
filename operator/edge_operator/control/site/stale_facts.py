"""What stands of a site of which nothing new can be worked out."""

from edge_operator.control.cache.resource import SiteObject
from edge_operator.status.facts import ComponentFacts, Problem, SiteFacts


def last_known(site: SiteObject, problem: Problem, *, paused: bool) -> SiteFacts:
    """Return what was known of a site before its spec or its root became unusable: what runs goes on running."""
    parts = tuple(
        ComponentFacts(part["name"], part["image"], part["desired"], part["ready"])
        for part in site.status.get("components") or ()
    )
    endpoints = site.status.get("endpoints") or {}
    return SiteFacts(site.generation, paused=paused, problems=(problem,), components=parts, endpoints=endpoints)
