"""The facts that a site's status is computed from: as observed now, or as its status has them."""

from collections.abc import Iterable

from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secrets import REGENERATED, RootKey
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.components import components
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import DEPLOYMENT, SERVICE
from edge_operator.desired.metadata import child_name
from edge_operator.status import reasons
from edge_operator.status.facts import ComponentFacts, Notice, Problem, SiteFacts, component_facts

from .endpoints import endpoints

ROOT_REGENERATED = Notice(
    reasons.ROOT_SECRET_MADE_ANEW,
    "the root Secret was lost and a new one was created: every credential has changed; remove its annotation"
    f" {REGENERATED} to clear this message",
)


def observed_facts(
    site: CachedSite,
    root: RootKey,
    described: SiteInput,
    children: ChildCache,
    report: Report,
    pending: tuple[str, ...],
) -> SiteFacts:
    """Return the facts of a site after a reconcile, without its broker and its device counts.

    Args:
        site: the site.
        root: its root key.
        described: the same site as input of the builders.
        children: the children as last observed.
        report: the result of the writes.
        pending: changes that are not made while the site is paused.
    """
    service = _body(children, ObjectKey(SERVICE, described.namespace, child_name(described, "gateway")))
    return SiteFacts(
        generation=site.generation,
        paused=site.paused,
        cloud=described.spec.cloud is not None,
        pending_changes=pending,
        terminating=tuple(report.terminating),
        problems=tuple(sorted(report.problems, key=_gravity)),
        components=tuple(_component_facts(described, children)),
        endpoints=endpoints(described, service),
        notices=(ROOT_REGENERATED,) if root.regenerated else (),
    )


def stale_facts(site: CachedSite, problem: Problem) -> SiteFacts:
    """Return the facts of a site whose spec or root key is unusable: what its status has, and the problem.

    What runs goes on running, so its components and endpoints stay in the status.
    """
    parts = tuple(
        ComponentFacts(part["name"], part["image"], part["desired"], part["ready"])
        for part in site.status.get("components") or ()
    )
    return SiteFacts(
        site.generation, paused=site.paused, problems=(problem,), components=parts, endpoints=site.endpoints
    )


def _component_facts(described: SiteInput, children: ChildCache) -> Iterable[ComponentFacts]:
    for part in components(described):
        key = ObjectKey(DEPLOYMENT, described.namespace, child_name(described, part.name))
        yield component_facts(part.name, part.image, part.replicas, _body(children, key))


def _body(children: ChildCache, key: ObjectKey) -> dict[str, object]:
    seen = children.get(key)
    return dict(seen.body) if seen is not None else {}


def _gravity(problem: Problem) -> tuple[bool, str]:
    return not problem.lasting, problem.message
