"""Reconciles one site: gather everything, decide, act, report the status."""

import logging
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import Report, soonest
from edge_operator.control.apply.status_writer import OVERTAKEN_SECONDS, StatusWriter
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secret_problems import RootUnusableError
from edge_operator.control.credentials.root_secrets import RootKey, RootSecrets
from edge_operator.control.loop.renewal import MAX_SECONDS
from edge_operator.control.site_broker.api_token_publisher import ApiTokenPublisher
from edge_operator.control.site_broker.endpoints import BrokerEndpoints
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.desired.components import MQTT
from edge_operator.status.events import site_events
from edge_operator.status.facts import BrokerFacts, Problem
from edge_operator.status.site import site_update

from .actions import SiteActions, site_actions
from .due_figures import DueFigures
from .facts import component_states, site_facts
from .observation import DesiredSite, SiteObservation, UserSecrets
from .observer import SiteObserver

CERTIFICATE_DELAY_SECONDS = 1.0
"""Certificates are checked this long after one changes by itself: their times have whole seconds."""

logger = logging.getLogger(__name__)


class SiteReconciler:
    """Reconciles a site with its spec and writes its status.

    Args:
        children: cache of the children.
        roots: the root keys.
        observer: gathers what a reconcile is decided on.
        applier: applies and deletes objects.
        status: writes the status.
        brokers: keeps the sessions with the sites' brokers.
        api_tokens: publishes the API tokens for the gateways.
        topics: facts that topics of the brokers report.
        figures: the figures to write.
        recheck_seconds: seconds after which to check again what no watch reports.
    """

    def __init__(
        self,
        children: ChildCache,
        roots: RootSecrets,
        observer: SiteObserver,
        applier: Applier,
        status: StatusWriter,
        brokers: BrokerEndpoints,
        api_tokens: ApiTokenPublisher,
        topics: SiteTopics,
        figures: DueFigures,
        recheck_seconds: float,
    ) -> None:
        self._children = children
        self._roots = roots
        self._observer = observer
        self._applier = applier
        self._status = status
        self._brokers = brokers
        self._api_tokens = api_tokens
        self._topics = topics
        self._figures = figures
        self._recheck_seconds = recheck_seconds

    def remove(self, key: ResourceKey) -> None:
        """Remove a deleted site. Its objects are garbage collected; its volumes and its root Secret remain."""
        self._roots.remove(key)
        self._observer.remove(key)
        self._brokers.disconnect(key)
        self._api_tokens.remove(key)
        self._topics.remove(key)
        self._figures.remove(key)

    async def observe(self, site: CachedSite) -> None:
        """Read the root key of a site, which a standby needs in order to take over."""
        self._observer.stand_by(site.key)
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
        seen = await self._observer.observe(site, await self._root(site))
        done = await self._act(site, site_actions(seen))
        if seen.secrets.error is not None:
            raise seen.secrets.error
        if seen.desired is not None:
            self._connect(site, seen.desired, seen.secrets)
        return await self._report(seen, done)

    async def _root(self, site: CachedSite) -> RootKey | Problem | None:
        """Return the root key, or why it is unusable; None if the site is paused and has none.

        Everything else is derived from it, so its Secret is created or restored first, unless the site is paused.
        """
        try:
            return await (self._roots.read(site) if site.paused else self._roots.ensure(site))
        except RootUnusableError as error:
            return error.problem

    async def _act(self, site: CachedSite, actions: SiteActions) -> Report:
        applied = await self._applier.apply_all(site, actions.plan.digests, actions.plan.build)
        return applied + await self._applier.remove(site, actions.unwanted)

    def _connect(self, site: CachedSite, desired: DesiredSite, secrets: UserSecrets) -> None:
        components = component_states(desired.described, self._children)
        ready = any(part.name == MQTT and part.ready for part in components)
        self._brokers.connect(site.key, secrets.endpoint, ready=ready)
        self._api_tokens.publish(desired.described)
        if site.external_broker:
            self._topics.remove_broker(site.key)

    async def _report(self, seen: SiteObservation, done: Report) -> float | None:
        """Write the status and return the seconds until the next reconcile."""
        site, figures_after = seen.site, None
        broker = self._broker_facts(site, seen.secrets) if seen.desired is not None else None
        facts = site_facts(seen, done, self._children, broker)
        if seen.desired is not None:
            facts, figures_after = self._figures.with_due(site, facts)
        events = partial(site_events, notices=facts.notices)
        is_current = await self._status.write(site, partial(site_update, facts), events)
        return soonest(
            done.requeue_after,
            figures_after,
            seen.topics.changes_after,
            self._certificates_change(seen.secrets),
            seen.pods.changes_after,
            self._recheck_seconds if seen.needs_recheck else None,
            self._recheck_seconds / 2 if seen.is_waiting else None,
            None if is_current else OVERTAKEN_SECONDS,
        )

    def _certificates_change(self, secrets: UserSecrets) -> float | None:
        report = secrets.certificates
        if report is None or report.changes_after is None:
            return None
        return min(report.changes_after + CERTIFICATE_DELAY_SECONDS, MAX_SECONDS)

    def _broker_facts(self, site: CachedSite, secrets: UserSecrets) -> BrokerFacts | None:
        if secrets.endpoint is None:
            return BrokerFacts(connected=False, unusable=True, message=secrets.login_problem)
        return self._brokers.facts(site.key)
