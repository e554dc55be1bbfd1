"""Gathers everything that one reconcile of a site is decided on."""

from dataclasses import replace

from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.pod_problems import PodProblems
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.credentials.site_secrets import SiteSecrets
from edge_operator.control.credentials.user_ca_bundles import UserCaBundles
from edge_operator.control.credentials.user_certificates import UserCertificates
from edge_operator.control.site_broker.endpoints import BrokerEndpoints, LoginUnusableError
from edge_operator.control.site_broker.processor_presence import processor_is_ready
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.desired.sinks import sink_names
from edge_operator.status.facts import Problem, TopicFacts

from .allowed_hosts import AllowedHosts
from .observation import DesiredSite, SiteObservation, UserSecrets
from .plan import Plan, Plans
from .revocations import Revocations
from .spec import SpecUnusableError


class SiteObserver:
    """Gathers the observation of a site. It writes nothing.

    Args:
        children: cache of the children.
        pods: why pods do not run.
        plans: the desired objects.
        revocations: finds the logins to revoke.
        ca_bundles: CA bundles that users provide.
        site_secrets: the Secrets that specs name.
        hosts: the hosts that specs may name.
        certificates: the certificates that components present or trust.
        brokers: endpoints of the sites' brokers.
        topics: facts that topics of the brokers report.
    """

    def __init__(
        self,
        children: ChildCache,
        pods: PodProblems,
        plans: Plans,
        revocations: Revocations,
        ca_bundles: UserCaBundles,
        site_secrets: SiteSecrets,
        hosts: AllowedHosts,
        certificates: UserCertificates,
        brokers: BrokerEndpoints,
        topics: SiteTopics,
    ) -> None:
        self._children = children
        self._pods = pods
        self._plans = plans
        self._revocations = revocations
        self._ca_bundles = ca_bundles
        self._site_secrets = site_secrets
        self._hosts = hosts
        self._certificates = certificates
        self._brokers = brokers
        self._topics = topics

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._plans.remove(site)
        self._revocations.remove(site)
        self._ca_bundles.remove(site)
        self._site_secrets.remove(site)
        self._certificates.remove(site)

    def stand_by(self, site: ResourceKey) -> None:
        """Remove what only the leader shows of a site in its metrics."""
        self._certificates.remove(site)

    async def observe(self, site: CachedSite, root: RootKey | Problem | None) -> SiteObservation:
        """Return everything that the reconcile of a site is decided on.

        Args:
            site: the site.
            root: its root key, or why that is unusable; None if the site is paused and has none.

        Raises:
            ApiError: the API server rejected the read of a Secret of the broker's logins.
            UnreachableError: the API server did not respond to it.
        """
        topics = self._topics.get(site)
        desired, problem, found = await self._desired(site, root, topics)
        if desired is not None and sink_names(desired.described.spec):
            ready = processor_is_ready(self._children, desired.described)
            topics = self._topics.with_processor(topics, site.key, ready=ready)
        seen = SiteObservation(
            site,
            desired,
            problem,
            owned=tuple(self._children.owned_by(SITE, site.key)),
            revocations=Plan.of([]),
            secrets=found if found.error is not None else await self._user_secrets(site, desired, found),
            topics=topics,
            pods=self._pods.of_site(site.key),
        )
        return replace(seen, revocations=await self._revocations.plan(site)) if seen.is_frozen else seen

    async def _desired(
        self, site: CachedSite, root: RootKey | Problem | None, topics: TopicFacts
    ) -> tuple[DesiredSite | None, Problem | None, UserSecrets]:
        """Return the desired state, or why there is none, and what is wrong with the Secrets and hosts in the spec."""
        if root is None or isinstance(root, Problem):
            return None, root, UserSecrets()
        connected = [each.name for each in topics.sinks or () if each.connected]
        try:
            described = self._plans.without_devices(site, root)
            findings = await self._site_secrets.check(described, connected)
            described = replace(described, usable_secrets=self._site_secrets.usable(site.key))
            refusals = (*self._hosts.problems(described.spec), *findings.refusals)
            found = UserSecrets(sink_problems=findings.of_sinks, refusals=refusals)
            return DesiredSite(root, described, self._plans.plan(site, root)), None, found
        except SpecUnusableError as error:
            return None, error.problem, UserSecrets()
        except (ApiError, UnreachableError) as error:
            return None, None, UserSecrets(error=error)

    async def _user_secrets(self, site: CachedSite, desired: DesiredSite | None, found: UserSecrets) -> UserSecrets:
        """Read the other Secrets of the user.

        If that fails, the site is still applied first: a login may have to be revoked.
        """
        try:
            found = replace(found, ca_problem=await self._ca_bundles.problem(site))
            if desired is not None:
                report, problems = await self._certificates.report(desired.described, paused=site.paused)
                found = replace(found, certificates=report, certificate_problems=problems)
            if site.external_broker and found.refusals:
                return replace(found, login_problem=found.refusals[0].message)
            endpoint = await self._brokers.resolve(desired.described) if desired is not None else None
        except LoginUnusableError as error:
            return replace(found, login_problem=str(error))
        except (ApiError, UnreachableError) as error:
            return replace(found, error=error)
        return replace(found, endpoint=endpoint)
