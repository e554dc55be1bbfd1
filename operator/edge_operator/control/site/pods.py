"""The pods of a site that do not run, with the volume claims that they wait for."""

from collections.abc import Collection, Sequence

from edge_operator.api.conditions import find_condition
from edge_operator.control.cache.child_cache import SITE, ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.diff.volumes import Claim
from edge_operator.desired.components import MQTT, STORAGE
from edge_operator.desired.kinds import PVC
from edge_operator.desired.volume_claim import MQTT_DATA, MQTT_LOG, STORAGE_DATA
from edge_operator.status.facts import ComponentFacts, Problem
from edge_operator.status.pod_messages import ClaimFacts, pod_messages
from edge_operator.status.pods import PodProblem

CLAIMS = {STORAGE_DATA: STORAGE, MQTT_DATA: MQTT, MQTT_LOG: MQTT}
"""Component of each volume claim, by the suffix of its name."""


def pod_problems(
    site: CachedSite, components: Collection[ComponentFacts], pods: Sequence[PodProblem], children: ChildCache
) -> tuple[Problem, ...]:
    """Return why components of a site are not rolled out; nothing of those that are."""
    unfinished = {each.name for each in components if not each.rolled_out or each.ready < each.desired}
    concerned = [each for each in pods if each.component in unfinished]
    if not concerned:
        return ()
    return pod_messages(concerned, _unbound(site, children), find_condition(site.status, "Ready").get("message", ""))


def _unbound(site: CachedSite, children: ChildCache) -> dict[str, list[ClaimFacts]]:
    found: dict[str, list[ClaimFacts]] = {}
    owned = (seen for seen in children.owned_by(SITE, site.key) if seen.key.kind is PVC)
    for seen in sorted(owned, key=lambda seen: seen.key.name):
        component = CLAIMS.get(seen.key.name.removeprefix(f"{site.key[1]}-"))
        claim = Claim.of(seen)
        if component is not None and claim.phase in ("Pending", "Lost"):
            facts = ClaimFacts(str(seen.key), claim.requested, claim.storage_class, claim.phase)
            found.setdefault(component, []).append(facts)
    return found
