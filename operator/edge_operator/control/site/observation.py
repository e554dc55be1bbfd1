"""Gathers everything that one reconcile of a site is decided on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edge_operator.broker.endpoint import Endpoint
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.pod_problems import PodProblems, PodsSeen
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.credentials.sink_references import sink_references
from edge_operator.control.credentials.sink_secrets import SinkSecrets
from edge_operator.control.credentials.user_ca_bundles import UserCaBundles
from edge_operator.control.credentials.user_certificates import UserCertificates
from edge_operator.control.diff.observed import Observed
from edge_operator.control.site_broker.endpoints import BrokerEndpoints, LoginUnusableError
from edge_operator.control.site_broker.processor_presence import processor_is_ready
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.desired.sinks import sink_names
from edge_operator.desired.site import SiteInput
from edge_operator.status.certificate_facts import CertificateReport
from edge_operator.status.facts import Problem, TopicFacts

from .plan import Plan, Plans
from .revocations import Revocations
from .spec import SpecUnusableError


@dataclass(frozen=True, slots=True)
class DesiredSite:
    """The desired state of a site.

    Attributes:
        root: its root key.
        described: the site as input of the builders, without its devices.
        plan: its desired objects.
    """

    root: RootKey
    described: SiteInput
    plan: Plan


@dataclass(frozen=True, slots=True)
class UserSecrets:
    """What the Secrets contain that a site's spec references. They are not watched.

    Attributes:
        ca_problem: problem of the CA bundle of its managed broker.
        endpoint: address and login of its broker; None if it cannot be connected to.
        login_problem: why the login of its external broker is unusable; empty if it is not.
        error: the error with which reading them failed, or None.
        sink_problems: problems of the Secrets of its sinks, by name of the sink.
        certificates: what is wrong with its certificates; None if they were not read.
        certificate_problems: problems of those that its components present.
    """

    ca_problem: Problem | None = None
    endpoint: Endpoint | None = None
    login_problem: str = ""
    error: ApiError | UnreachableError | None = None
    sink_problems: Mapping[str, str] = field(default_factory=dict)
    certificates: CertificateReport | None = None
    certificate_problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteObservation:
    """Everything that one reconcile of a site is decided on.

    Attributes:
        site: the site.
        desired: its desired state; None if its root key or its spec is unusable, or it is paused without a root key.
        problem: why its root key or its spec is unusable, or None.
        owned: the objects that it owns.
        revocations: its Secrets without the logins to revoke while nothing else of it may be changed.
        secrets: what the Secrets contain that its spec references.
        topics: what topics of its broker report.
        pods: why pods of it do not run.
    """

    site: CachedSite
    desired: DesiredSite | None
    problem: Problem | None
    owned: tuple[Observed, ...]
    revocations: Plan
    secrets: UserSecrets
    topics: TopicFacts
    pods: PodsSeen = field(default_factory=PodsSeen)

    @property
    def needs_recheck(self) -> bool:
        """Whether the reconcile depends on something that no watch reports."""
        is_named = self.site.external_broker or self.site.user_tls_secret is not None
        if self.desired is not None:
            described = self.desired.described
            is_named = is_named or described.spec.gateway.tls is not None or any(sink_references(described))
        return self.problem is not None or is_named

    @property
    def is_waiting(self) -> bool:
        """Whether the reconcile waits for a change by the user that no watch reports."""
        report, problems = self.secrets.certificates, self.secrets.certificate_problems
        has_wrong_certificate = report is not None and bool(report.expired or report.misnamed)
        return bool(self.secrets.sink_problems or problems or has_wrong_certificate)


class SiteObserver:
    """Gathers the observation of a site. It writes nothing.

    Args:
        children: cache of the children.
        pods: why pods do not run.
        plans: the desired objects.
        revocations: finds the logins to revoke.
        ca_bundles: CA bundles that users provide.
        sink_secrets: the Secrets of sinks.
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
        sink_secrets: SinkSecrets,
        certificates: UserCertificates,
        brokers: BrokerEndpoints,
        topics: SiteTopics,
    ) -> None:
        self._children = children
        self._pods = pods
        self._plans = plans
        self._revocations = revocations
        self._ca_bundles = ca_bundles
        self._sink_secrets = sink_secrets
        self._certificates = certificates
        self._brokers = brokers
        self._topics = topics

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._plans.remove(site)
        self._revocations.remove(site)
        self._ca_bundles.remove(site)
        self._sink_secrets.remove(site)
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
        desired, problem, sinks = await self._desired(site, root, topics)
        if desired is not None and sink_names(desired.described.spec):
            ready = processor_is_ready(self._children, desired.described)
            topics = self._topics.with_processor(topics, site.key, ready=ready)
        is_frozen = site.paused or desired is None
        return SiteObservation(
            site,
            desired,
            problem,
            owned=tuple(self._children.owned_by(SITE, site.key)),
            revocations=await self._revocations.plan(site) if is_frozen else Plan.of([]),
            secrets=sinks if sinks.error is not None else await self._user_secrets(site, desired, sinks),
            topics=topics,
            pods=self._pods.of_site(site.key),
        )

    async def _desired(
        self, site: CachedSite, root: RootKey | Problem | None, topics: TopicFacts
    ) -> tuple[DesiredSite | None, Problem | None, UserSecrets]:
        """Return the desired state, or why there is none, and what the Secrets of sinks contain."""
        if root is None or isinstance(root, Problem):
            return None, root, UserSecrets()
        connected = [each.name for each in topics.sinks or () if each.connected]
        try:
            described = self._plans.without_devices(site, root)
            sink_problems = await self._sink_secrets.problems(described, connected)
            described = replace(described, sink_secrets=self._sink_secrets.usable(site.key))
            desired = DesiredSite(root, described, self._plans.plan(site, root))
            return desired, None, UserSecrets(sink_problems=sink_problems)
        except SpecUnusableError as error:
            return None, error.problem, UserSecrets()
        except (ApiError, UnreachableError) as error:
            return None, None, UserSecrets(error=error)

    async def _user_secrets(self, site: CachedSite, desired: DesiredSite | None, sinks: UserSecrets) -> UserSecrets:
        """Read the other Secrets of the user.

        If that fails, the site is still applied first: a login may have to be revoked.
        """
        found = sinks
        try:
            found = replace(found, ca_problem=await self._ca_bundles.problem(site))
            if desired is not None:
                report, problems = await self._certificates.report(desired.described, paused=site.paused)
                found = replace(found, certificates=report, certificate_problems=problems)
            endpoint = await self._brokers.resolve(desired.described) if desired is not None else None
        except LoginUnusableError as error:
            return replace(found, login_problem=str(error))
        except (ApiError, UnreachableError) as error:
            return replace(found, error=error)
        return replace(found, endpoint=endpoint)
