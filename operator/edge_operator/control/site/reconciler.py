"""Reconciles one site: read the root key, apply the objects, connect to the broker, write the status."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import Report
from edge_operator.control.apply.status_writer import OVERTAKEN_SECONDS, StatusWriter
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secret_problems import RootUnusableError
from edge_operator.control.credentials.root_secrets import RootKey, RootSecrets
from edge_operator.control.credentials.user_ca_bundles import UserCaBundles
from edge_operator.control.diff.action import Action, DesiredDigest, decide, is_unwanted
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.control.diff.observed import Observed
from edge_operator.control.site_broker.endpoints import BrokerEndpoints
from edge_operator.desired.components import MQTT
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.root_secret import root_secret_name
from edge_operator.status.events import site_events
from edge_operator.status.facts import SiteFacts
from edge_operator.status.site import site_update

from .count_throttle import CountThrottle
from .facts import observed_facts, stale_facts
from .plan import Plan, Plans, SpecUnusableError
from .revocations import Revocations

logger = logging.getLogger(__name__)


class SiteReconciler:
    """Reconciles a site with its spec and writes its status.

    Args:
        children: cache of the children.
        roots: the root keys.
        plans: the desired objects.
        applier: applies and deletes objects.
        revocations: revokes logins while nothing else may be changed.
        status: writes the status.
        ca_bundles: CA bundles that users provide.
        brokers: keeps the sessions with the sites' brokers.
        counts: the device counts to write.
        recheck_seconds: seconds after which to check again what no watch reports.
    """

    def __init__(
        self,
        children: ChildCache,
        roots: RootSecrets,
        plans: Plans,
        applier: Applier,
        revocations: Revocations,
        status: StatusWriter,
        ca_bundles: UserCaBundles,
        brokers: BrokerEndpoints,
        counts: CountThrottle,
        recheck_seconds: float,
    ) -> None:
        self._children = children
        self._roots = roots
        self._plans = plans
        self._applier = applier
        self._revocations = revocations
        self._status = status
        self._ca_bundles = ca_bundles
        self._brokers = brokers
        self._counts = counts
        self._recheck_seconds = recheck_seconds

    def remove(self, key: ResourceKey) -> None:
        """Remove a deleted site. Its objects are garbage collected; its volumes and its root Secret remain."""
        self._roots.remove(key)
        self._plans.remove(key)
        self._ca_bundles.remove(key)
        self._brokers.disconnect(key)
        self._counts.remove(key)
        self._revocations.remove(key)

    async def observe(self, site: CachedSite) -> None:
        """Read the root key of a site, which a standby needs in order to take over."""
        try:
            await self._roots.read(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)

    async def reconcile(self, site: CachedSite) -> float | None:
        """Reconcile once; return the seconds until the next reconcile, None if events will trigger it.

        Raises:
            UnreachableError: the API server did not respond.
            ApiError: the API server failed in a way that may be temporary.
            NotLeaderError: this process does not hold the lease.
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
            root = await (self._roots.read(site) if site.paused else self._roots.ensure(site))
            if root is not None:
                return await self._with_root(site, root)
            facts = SiteFacts(site.generation, paused=True, pending_changes=("everything",))
            report = Report()
        except (SpecUnusableError, RootUnusableError) as error:
            facts, report = stale_facts(site, error.problem), Report(requeue_after=self._recheck_seconds)
        await self._revocations.apply(site, report)
        await self._ca_bundles.check(site, report)
        await self._write_status(site, replace(facts, problems=(*facts.problems, *report.problems)), report)
        return report.requeue_after

    async def _with_root(self, site: CachedSite, root: RootKey) -> float | None:
        plan = self._plans.plan(site, root)
        if site.paused:
            report = Report()
            await self._revocations.apply(site, report)
            pending = self._pending(site, root, plan.digests)
        else:
            report, pending = await self._apply(site, plan), ()
        if site.external_broker or site.user_tls_secret is not None:
            # The Secrets that users provide are not watched.
            report.requeue(self._recheck_seconds)
        await self._ca_bundles.check(site, report)
        described = self._plans.without_devices(site, root)
        facts = observed_facts(site, root, described, self._children, report, pending)
        ready = any(part.name == MQTT and part.ready for part in facts.components)
        broker = await self._brokers.connect(described, ready=ready, dropping=site.broker_dropping)
        if broker is not None and broker.dropping_seconds:
            report.requeue(broker.dropping_seconds)
        await self._write_status(site, replace(facts, broker=broker, devices=self._counts.due(site, report)), report)
        return report.requeue_after

    async def _write_status(self, site: CachedSite, facts: SiteFacts, report: Report) -> None:
        events = partial(site_events, notices=facts.notices)
        if not await self._status.write(site, partial(site_update, facts), events):
            report.requeue(OVERTAKEN_SECONDS)

    async def _apply(self, site: CachedSite, plan: Plan) -> Report:
        report = await self._applier.apply_all(site, plan.digests, plan.build)
        await self._applier.remove(site, self._unwanted(site, plan.digests), report)
        return report

    def _unwanted(self, site: CachedSite, digests: Iterable[DesiredDigest]) -> list[Observed]:
        keys = {digest.key for digest in digests}
        extra = [seen for seen in self._children.owned_by(SITE, site.key) if seen.key not in keys]
        return [seen for seen in extra if is_unwanted(seen, site.owner_ref)]

    def _pending(self, site: CachedSite, root: RootKey, digests: tuple[DesiredDigest, ...]) -> tuple[str, ...]:
        """Return the changes that a paused site does not make."""
        namespace, name = site.key
        put_back = () if root.valid else (str(ObjectKey(SECRET, namespace, root_secret_name(name))),)
        differing = (
            str(digest.key)
            for digest in digests
            if decide(digest, self._children.get(digest.key), site.owner_ref) is not Action.NONE
        )
        removed = (f"removal of {seen.key}" for seen in self._unwanted(site, digests))
        return (*put_back, *differing, *sorted(removed))
