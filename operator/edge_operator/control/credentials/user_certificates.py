"""Reads the certificates that components of a site present or trust, and reports what is wrong with them."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass

from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import SECRET
from edge_operator.identity.secret_use import Secret, SecretUse
from edge_operator.status import reasons
from edge_operator.status.certificate_facts import CertificateFacts, CertificateReport
from edge_operator.status.certificates import certificate_problems, certificate_report
from edge_operator.status.facts import Problem
from edge_operator.telemetry.metrics import Metrics

from .certificate_references import (
    TRUSTED,
    CertificateReference,
    certificate_facts,
    certificate_references,
    named,
)

QUIET_PERIODS = 10
"""Number of periods between two reads of certificates with which nothing is wrong."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """The certificates of a site when they were read.

    Attributes:
        references: what was read.
        at: time of the read on the monotonic clock, in seconds.
        facts: those that can be used, by reference.
        problems: problems of the others.
        is_complete: whether every Secret exists.
    """

    references: tuple[CertificateReference, ...]
    at: float
    facts: dict[CertificateReference, CertificateFacts]
    problems: tuple[Problem, ...]
    is_complete: bool


class UserCertificates:
    """The certificates of the sites. Their Secrets are not watched.

    Args:
        objects: client for single objects.
        clock: monotonic clock, in seconds.
        wall_clock: current time.
        recheck_seconds: seconds between reconciles of a site without events.
        metrics: shows when certificates expire.
        use: the rule which Secrets may be used.
    """

    def __init__(
        self,
        objects: ObjectClient,
        clock: Callable[[], float],
        wall_clock: Callable[[], dt.datetime],
        recheck_seconds: float,
        metrics: Metrics,
        use: SecretUse,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._wall_clock = wall_clock
        self._fresh_for = recheck_seconds / 2
        self._metrics = metrics
        self._use = use
        self._entries: dict[ResourceKey, _Entry] = {}

    def remove(self, site: ResourceKey) -> None:
        """Remove a site that was deleted, that has no such certificate, or that another process reconciles."""
        if (entry := self._entries.pop(site, None)) is not None:
            self._forget(site, entry.facts)

    async def report(self, site: SiteInput, *, paused: bool) -> tuple[CertificateReport, tuple[Problem, ...]]:
        """Read the certificates unless that was done lately; return the report on them, and the problems.

        Args:
            site: the site.
            paused: whether the operator does not renew its own certificate.

        Raises:
            ApiError: the API server rejected the read of a Secret.
            UnreachableError: the API server did not respond.
        """
        key, now = (site.namespace, site.name), self._wall_clock()
        references = tuple(certificate_references(site, paused=paused))
        if not references:
            self.remove(key)
            return CertificateReport(), ()
        entry = self._entries.get(key)
        if entry is None or entry.references != references or self._is_due(entry, now):
            before = entry.facts if entry is not None else {}
            entry = self._entries[key] = await self._read(site, references)
            self._forget(key, before.keys() - entry.facts.keys())
            self._show(key, entry)
        facts = tuple(entry.facts.values())
        return certificate_report(facts, now), (*entry.problems, *certificate_problems(facts, now))

    def _is_due(self, entry: _Entry, now: dt.datetime) -> bool:
        report = certificate_report(entry.facts.values(), now)
        is_quiet = entry.is_complete and not (entry.problems or report.expired or report.expiring or report.misnamed)
        return self._clock() - entry.at >= self._fresh_for * (QUIET_PERIODS if is_quiet else 1)

    async def _read(self, site: SiteInput, references: tuple[CertificateReference, ...]) -> _Entry:
        at, secrets = self._clock(), {}
        for name in dict.fromkeys(each.secret for each in references):
            secrets[name] = await self._objects.get(SECRET, site.namespace, name)
        facts: dict[CertificateReference, CertificateFacts] = {}
        problems: list[Problem] = []
        for each in references:
            found = _facts_or_problem(self._use, each, secrets[each.secret], site.namespace)
            if isinstance(found, Problem):
                problems.append(found)
            elif found is not None:
                facts[each] = found
        return _Entry(references, at, facts, tuple(problems), None not in secrets.values())

    def _show(self, site: ResourceKey, entry: _Entry) -> None:
        for each, facts in entry.facts.items():
            self._metrics.certificate_expiry.labels(*site, each.secret, each.key).set(facts.end.timestamp())

    def _forget(self, site: ResourceKey, references: Collection[CertificateReference]) -> None:
        for each in references:
            self._metrics.certificate_expiry.remove(*site, each.secret, each.key)


def _facts_or_problem(
    use: SecretUse, reference: CertificateReference, secret: Secret, namespace: str
) -> CertificateFacts | Problem | None:
    """Return the facts about a certificate, its problem, or None if another condition reports what is wrong with it.

    Authorities that cannot be used are reported by the condition of the connection that needs them.
    """
    if secret is None:
        message = f"{named(reference, namespace)} does not exist: create it, or let cert-manager create it"
        missing = Problem(reasons.CERTIFICATE_NOT_FOUND, message, lasting=False)
        return missing if reference.reports_missing else None
    if reference.where and not use.allows(namespace, reference.secret, secret):
        return None
    try:
        return certificate_facts(reference, secret)
    except ValueError as error:
        message = f"{reference.key} of the {named(reference, namespace)} cannot be used: {error}: correct the Secret"
        return None if reference.key == TRUSTED else Problem(reasons.CERTIFICATE_INVALID, message)
