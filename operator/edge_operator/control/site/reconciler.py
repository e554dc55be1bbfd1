"""The reconcile of one site: gather, decide, act, say."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import Report
from edge_operator.control.apply.status_writer import StatusWriter
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secret_problems import RootUnusableError
from edge_operator.control.credentials.root_secrets import Root, RootKeys
from edge_operator.control.credentials.user_ca_bundles import Authorities
from edge_operator.control.diff.action import Action, DesiredDigest, decide, is_unwanted
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed
from edge_operator.control.site_broker.endpoints import BrokerLink
from edge_operator.desired.components import MQTT
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.root_secret import root_secret_name
from edge_operator.status.facts import SiteFacts
from edge_operator.status.site import site_update

from .count_throttle import Figures
from .facts import observed_facts, stale_facts
from .plan import Plan, Plans, SpecUnusableError
from .revocations import Revocations

logger = logging.getLogger(__name__)


class SiteReconciler:
    """Makes a site what its spec says, and says how it is.

    Args:
        children: the children as last seen.
        roots: the root keys.
        plans: the intents.
        children: carries out.
        revocations: what is carried out whatever stands in the way of the rest.
        status: writes the status.
        authorities: of the certificates that users bring.
        link: keeps the session with the site's broker.
        figures: how the site's devices are, as far as it is to be told.
        look_again: seconds until that is looked at again which no watch tells of.
    """

    def __init__(
        self,
        children: ChildCache,
        roots: RootKeys,
        plans: Plans,
        applier: Applier,
        revocations: Revocations,
        status: StatusWriter,
        authorities: Authorities,
        link: BrokerLink,
        figures: Figures,
        recheck_seconds: float,
    ) -> None:
        self._children = children
        self._roots = roots
        self._plans = plans
        self._applier = applier
        self._revocations = revocations
        self._status = status
        self._authorities = authorities
        self._link = link
        self._figures = figures
        self._recheck_seconds = recheck_seconds

    def remove(self, key: ResourceKey) -> None:
        """Forget a site that is gone: what it owned goes by garbage collection, its volumes and root Secret stay."""
        self._roots.remove(key)
        self._plans.remove(key)
        self._authorities.remove(key)
        self._link.leave(key)
        self._figures.remove(key)
        self._revocations.remove(key)

    async def observe(self, site: CachedSite) -> None:
        """Learn what a standby needs to know of a site in order to take over."""
        try:
            await self._roots.learn(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)

    async def reconcile(self, site: CachedSite) -> float | None:
        """Make one pass; return the seconds until another is needed, None if events will tell.

        Raises:
            UnreachableError: the API server did not answer.
            ApiError: it failed in a way that may pass.
            NotLeaderError: the lease is not ours.
        """
        if site.deleting:
            return None
        try:
            return await self._pass(site)
        except ApiError as error:
            if not error.namespace_terminating:
                raise
            logger.debug("%s: its namespace is being deleted: %s", site, error)
            return None

    async def _pass(self, site: CachedSite) -> float | None:
        try:
            root = await (self._roots.learn(site) if site.paused else self._roots.keep(site))
            if root is not None:
                return await self._with_root(site, root)
            facts = SiteFacts(site.generation, paused=True, pending_changes=("everything",))
            report = Report()
        except (SpecUnusableError, RootUnusableError) as error:
            facts, report = stale_facts(site, error.problem), Report(requeue_after=self._recheck_seconds)
        await self._revocations.apply(site, report)
        await self._authorities.follow(site, report)
        await self._write_status(site, replace(facts, problems=(*facts.problems, *report.problems)))
        return report.requeue_after

    async def _with_root(self, site: CachedSite, root: Root) -> float | None:
        plan = self._plans.plan(site, root)
        if site.paused:
            report = Report()
            await self._revocations.apply(site, report)
            pending = self._pending(site, root, plan.digests)
        else:
            report, pending = await self._apply(site, plan), ()
        if site.external_broker or site.user_tls_secret is not None:
            # No watch tells of the Secrets that the user brings.
            report.requeue(self._recheck_seconds)
        await self._authorities.follow(site, report)
        described = self._plans.outline(site, root)
        facts = observed_facts(site, root, described, self._children, report, pending)
        ready = any(part.name == MQTT and part.ready for part in facts.components)
        broker = await self._link.follow(described, ready=ready, dropping=site.broker_dropping)
        if broker is not None and broker.dropping_seconds:
            report.requeue(broker.dropping_seconds)
        await self._write_status(site, replace(facts, broker=broker, devices=self._figures.due(site, report)))
        return report.requeue_after

    async def _write_status(self, site: CachedSite, facts: SiteFacts) -> None:
        await self._status.write(site, partial(site_update, facts), facts.notices)

    async def _apply(self, site: CachedSite, plan: Plan) -> Report:
        report = await self._applier.apply_all(site, plan.digests, plan.intents)
        await self._applier.remove(site, self._unwanted(site, plan.digests), report)
        return report

    def _unwanted(self, site: CachedSite, digests: Iterable[DesiredDigest]) -> list[Observed]:
        keys = {digest.key for digest in digests}
        extra = [seen for seen in self._children.owned_by(SITE, site.key) if seen.key not in keys]
        return [seen for seen in extra if is_unwanted(seen, site.owner_ref)]

    def _pending(self, site: CachedSite, root: Root, digests: tuple[DesiredDigest, ...]) -> tuple[str, ...]:
        """Return what a paused site waits to have done."""
        namespace, name = site.key
        put_back = () if root.intact else (str(ObjectKey(SECRET, namespace, root_secret_name(name))),)
        differing = (
            str(digest.key)
            for digest in digests
            if decide(digest, self._children.get(digest.key), site.owner_ref) is not Action.NONE
        )
        removed = (f"removal of {seen.key}" for seen in self._unwanted(site, digests))
        return (*put_back, *differing, *sorted(removed))
