"""The facts that a site's status is computed from: as observed now, or as its status has them."""

from collections.abc import Iterable
from dataclasses import replace

from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secrets import REGENERATED
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.components import components
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import DEPLOYMENT, SERVICE
from edge_operator.desired.metadata import child_name
from edge_operator.desired.sinks import sink_names
from edge_operator.status import reasons
from edge_operator.status.facts import BrokerFacts, ComponentFacts, Notice, Problem, SiteFacts, component_facts

from .actions import pending_changes
from .endpoints import endpoints
from .observation import SiteObservation
from .pods import pod_problems
from .volumes import failed_expansions, kept_sizes, site_claims

ROOT_REGENERATED = Notice(
    reasons.ROOT_SECRET_MADE_ANEW,
    "the root Secret was lost and a new one was created: every credential has changed; remove its annotation"
    f" {REGENERATED} to clear this message",
)


def site_facts(
    seen: SiteObservation,
    done: Report,
    children: ChildCache,
    broker: BrokerFacts | None,
) -> SiteFacts:
    """Return the facts of a site after a reconcile.

    Args:
        seen: what the reconcile was decided on.
        done: the result of the writes.
        children: the children as last observed, writes of this reconcile included.
        broker: state of the session with the broker.
    """
    site, desired, ca_problem = seen.site, seen.desired, seen.secrets.ca_problem
    problems = (*done.problems, *seen.secrets.refusals, *seen.secrets.certificate_problems)
    problems = (*problems, ca_problem) if ca_problem is not None else problems
    problems = tuple(sorted(problems, key=_severity_key))
    if seen.problem is not None:
        return replace(stale_facts(site, seen.problem), problems=(seen.problem, *problems))
    if desired is None:
        return SiteFacts(site.generation, paused=True, pending_changes=("everything",), problems=problems, sinks=None)
    described = desired.described
    states = tuple(component_states(described, children))
    claims = site_claims(described, children)
    service = _body(children, ObjectKey(SERVICE, described.namespace, child_name(described, "gateway")))
    return SiteFacts(
        generation=site.generation,
        paused=site.paused,
        pending_changes=pending_changes(site, desired, children) if site.paused else (),
        terminating=done.terminating,
        problems=(*problems, *failed_expansions(claims)),
        components=states,
        pods=pod_problems(site, states, seen.pods.problems, children),
        endpoints=endpoints(described, service),
        notices=(*((ROOT_REGENERATED,) if desired.root.regenerated else ()), *kept_sizes(claims)),
        broker=broker,
        topics=seen.topics,
        sinks=sink_names(described.spec),
        sink_problems=seen.secrets.sink_problems,
        certificates=seen.secrets.certificates,
    )


def stale_facts(site: CachedSite, problem: Problem) -> SiteFacts:
    """Return the facts of a site with an unusable spec or root key: what its status has, and the problem.

    What runs goes on running, so its components and endpoints stay in the status.
    """
    parts = tuple(
        ComponentFacts(part["name"], part["image"], part["desired"], part["ready"])
        for part in site.status.get("components") or ()
    )
    return SiteFacts(
        site.generation,
        paused=site.paused,
        problems=(problem,),
        components=parts,
        endpoints=site.endpoints,
        sinks=None,
    )


def component_states(described: SiteInput, children: ChildCache) -> Iterable[ComponentFacts]:
    """Yield the state of each component of a site, from the children as last observed."""
    for part in components(described):
        key = ObjectKey(DEPLOYMENT, described.namespace, child_name(described, part.name))
        yield component_facts(part.name, part.image, part.replicas, _body(children, key))


def _body(children: ChildCache, key: ObjectKey) -> dict[str, object]:
    seen = children.get(key)
    return dict(seen.body) if seen is not None else {}


def _severity_key(problem: Problem) -> tuple[bool, str]:
    return not problem.lasting, problem.message
