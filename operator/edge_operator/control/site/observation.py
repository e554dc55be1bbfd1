"""Everything that one reconcile of a site is decided on. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_operator.broker.endpoint import Endpoint
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.control.cache.pod_problems import PodsSeen
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.credentials.secret_references import secret_references
from edge_operator.control.diff.observed import Observed
from edge_operator.desired.site import SiteInput
from edge_operator.status.certificate_facts import CertificateReport
from edge_operator.status.facts import Problem, TopicFacts

from .plan import Plan


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
        refusals: why the spec is not applied: Secrets or hosts that it names must not be used.
        certificates: what is wrong with its certificates; None if they were not read.
        certificate_problems: problems of those that its components present.
    """

    ca_problem: Problem | None = None
    endpoint: Endpoint | None = None
    login_problem: str = ""
    error: ApiError | UnreachableError | None = None
    sink_problems: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[Problem, ...] = ()
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
        is_named = is_named or (self.desired is not None and any(secret_references(self.desired.described)))
        return self.problem is not None or is_named

    @property
    def is_waiting(self) -> bool:
        """Whether the reconcile waits for a change by the user that no watch reports."""
        report, problems = self.secrets.certificates, self.secrets.certificate_problems
        has_wrong_certificate = report is not None and bool(report.expired or report.misnamed)
        waits_for_secret = bool(self.secrets.sink_problems or self.secrets.refusals or self.secrets.ca_problem)
        return waits_for_secret or bool(problems) or has_wrong_certificate

    @property
    def is_frozen(self) -> bool:
        """Whether nothing may be changed but logins that are revoked."""
        return self.site.paused or self.desired is None or bool(self.secrets.refusals)
