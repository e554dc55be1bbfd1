"""Decides what to do about a site from its observation. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from edge_operator.control.cache.child_cache import SITE, ChildCache
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.diff.action import Action, DesiredDigest, decide, is_unwanted
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.root_secret import root_secret_name

from .observation import DesiredSite, SiteObservation
from .plan import Plan


@dataclass(frozen=True, slots=True)
class SiteActions:
    """What one reconcile of a site does to its objects.

    Attributes:
        plan: objects to apply if they differ.
        unwanted: objects to delete.
    """

    plan: Plan
    unwanted: tuple[Observed, ...] = ()


def site_actions(seen: SiteObservation) -> SiteActions:
    """Return what to do: nothing but revoke logins if the site is paused, or its spec or root key must not be used."""
    if seen.desired is None or seen.is_frozen:
        return SiteActions(seen.revocations)
    return SiteActions(seen.desired.plan, tuple(_unwanted(seen.site, seen.owned, seen.desired.plan.digests)))


def pending_changes(site: CachedSite, desired: DesiredSite, children: ChildCache) -> tuple[str, ...]:
    """Return the changes that a paused site does not make.

    Args:
        site: the site.
        desired: its desired state.
        children: the children as last observed.
    """
    namespace, name = site.key
    put_back = () if desired.root.valid else (str(ObjectKey(SECRET, namespace, root_secret_name(name))),)
    differing = (
        str(digest.key)
        for digest in desired.plan.digests
        if decide(digest, children.get(digest.key), site.owner_ref) is not Action.NONE
    )
    unwanted = _unwanted(site, children.owned_by(SITE, site.key), desired.plan.digests)
    return (*put_back, *differing, *sorted(f"removal of {seen.key}" for seen in unwanted))


def _unwanted(site: CachedSite, owned: Iterable[Observed], digests: Iterable[DesiredDigest]) -> Iterable[Observed]:
    keys = {digest.key for digest in digests}
    return (seen for seen in owned if seen.key not in keys and is_unwanted(seen, site.owner_ref))
