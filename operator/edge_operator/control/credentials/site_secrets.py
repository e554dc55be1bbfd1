"""Reads the Secrets that a site's spec names: which of them may be used, and what is wrong."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired.components import PROCESSOR
from edge_operator.desired.deployment.credentials import SINK_VOLUMES
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import DEPLOYMENT, SECRET
from edge_operator.desired.metadata import child_name
from edge_operator.desired.sinks import SINKS
from edge_operator.identity.secret_use import Secret, SecretUse
from edge_operator.status import reasons
from edge_operator.status.facts import Problem

from .secret_references import NEEDED, ReadError, SiteSecret, reference_problem, secret_references

QUIET_PERIODS = 10
"""Number of periods between two reads of Secrets that may be used, of sinks that are connected."""


@dataclass(frozen=True, slots=True)
class SecretFindings:
    """What is wrong with the Secrets that a spec names.

    Attributes:
        of_sinks: problems by name of the sink. The site works without its sinks.
        refusals: problems because of which the spec is not applied.
    """

    of_sinks: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """The Secrets of a site when they were read.

    Attributes:
        references: what was read.
        at: time of the read on the monotonic clock, in seconds.
        usable: names of those that may be used.
        findings: what is wrong with them.
    """

    references: tuple[SiteSecret, ...]
    at: float
    usable: frozenset[str]
    findings: SecretFindings

    @property
    def is_usable(self) -> bool:
        """Whether every Secret may be used, and nothing is wrong with any of them."""
        has_problem = bool(self.findings.of_sinks or self.findings.refusals)
        return not has_problem and all(each.secret in self.usable for each in self.references)


class SiteSecrets:
    """The Secrets that specs name. They are not watched.

    If a Secret cannot be read, it stays used or not used as it is: the pods are not replaced because of that.

    Args:
        objects: client for single objects.
        clock: monotonic clock, in seconds.
        recheck_seconds: seconds between reconciles of a site without events.
        use: the rule which Secrets may be used.
    """

    def __init__(
        self, objects: ObjectClient, clock: Callable[[], float], recheck_seconds: float, use: SecretUse
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._fresh_for = recheck_seconds / 2
        self._use = use
        self._entries: dict[ResourceKey, _Entry] = {}

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._entries.pop(site, None)

    def usable(self, site: ResourceKey) -> frozenset[str]:
        """Return the names of the Secrets that may be used, as of the last read."""
        entry = self._entries.get(site)
        return entry.usable if entry is not None else frozenset()

    async def check(self, site: SiteInput, connected: Collection[str]) -> SecretFindings:
        """Read the Secrets unless that was done lately, and return what is wrong with them.

        Args:
            site: the site.
            connected: names of the sinks that the processor reports as connected.

        Raises:
            ApiError: the API server rejected the read of a Secret, and then that of the processor's Deployment.
            UnreachableError: the same without a response.
        """
        key = site.namespace, site.name
        references = tuple(secret_references(site))
        if not references:
            self.remove(key)
            return SecretFindings()
        entry = self._entries.get(key)
        if entry is None or entry.references != references or self._is_due(entry, connected):
            entry = self._entries[key] = await self._read(site, references)
        return entry.findings

    def _is_due(self, entry: _Entry, connected: Collection[str]) -> bool:
        sinks = (each.user for each in entry.references if each.user in SINKS)
        is_quiet = entry.is_usable and all(each in connected for each in sinks)
        return self._clock() - entry.at >= self._fresh_for * (QUIET_PERIODS if is_quiet else 1)

    async def _read(self, site: SiteInput, references: tuple[SiteSecret, ...]) -> _Entry:
        at = self._clock()
        found = await self._secrets(site.namespace, dict.fromkeys(each.secret for each in references))
        unread = {name for name, secret in found.items() if isinstance(secret, Exception)}
        kept = await self._mounted(site) & unread if unread else frozenset()
        usable = kept.union(name for name in found.keys() - unread if self._allows(site.namespace, name, found[name]))
        findings = self._findings(site.namespace, references, found, kept)
        return _Entry(references, at, usable, findings)

    def _allows(self, namespace: str, name: str, secret: Secret | ReadError) -> bool:
        return not isinstance(secret, Exception) and self._use.allows(namespace, name, secret)

    def _findings(
        self,
        namespace: str,
        references: Collection[SiteSecret],
        found: Mapping[str, Secret | ReadError],
        kept: Collection[str],
    ) -> SecretFindings:
        of_sinks: dict[str, str] = {}
        refusals: list[Problem] = []
        for each in references:
            secret = found[each.secret]
            problem = reference_problem(self._use, namespace, each, secret)
            if problem is not None and each.user in SINKS:
                of_sinks.setdefault(each.user, problem)
            elif problem is not None and each.user in NEEDED and each.secret not in kept:
                # A Secret that does not exist may still come, for example from cert-manager.
                is_there = secret is not None and not isinstance(secret, Exception)
                refusals.append(Problem(reasons.SECRET_UNUSABLE, problem, lasting=is_there))
        return SecretFindings(of_sinks, tuple(refusals))

    async def _secrets(self, namespace: str, names: Collection[str]) -> dict[str, Secret | ReadError]:
        found: dict[str, Secret | ReadError] = {}
        lost: UnreachableError | None = None
        for name in names:
            try:
                found[name] = lost or await self._objects.get(SECRET, namespace, name)
            except ApiError as error:
                found[name] = error
            except UnreachableError as error:
                found[name] = lost = error
        return found

    async def _mounted(self, site: SiteInput) -> frozenset[str]:
        """Return the Secrets that are mounted: as decided before, or by the previous leader."""
        entry = self._entries.get((site.namespace, site.name))
        if entry is not None:
            return entry.usable
        deployment = await self._objects.get(DEPLOYMENT, site.namespace, child_name(site, PROCESSOR))
        volumes = deployment["spec"]["template"]["spec"].get("volumes") or () if deployment is not None else ()
        mounted = (each.get("projected") or {} for each in volumes if each["name"] in SINK_VOLUMES)
        sources = (source for each in mounted for source in each.get("sources") or ())
        return frozenset(source["secret"]["name"] for source in sources if "secret" in source)
