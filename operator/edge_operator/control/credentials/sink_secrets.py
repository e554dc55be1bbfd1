"""Reads the Secrets that a site's spec names for its sinks: which of them may be mounted, and what is wrong."""

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

from .sink_references import ReadError, Secret, SinkReference, is_usable, reference_problem, sink_references

QUIET_PERIODS = 10
"""Number of periods between two reads of Secrets without a problem, of sinks that are connected."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """The Secrets of a site when they were read.

    Attributes:
        references: what was read.
        at: time of the read on the monotonic clock, in seconds.
        usable: names of those that may be mounted.
        problems: problems by name of the sink.
    """

    references: tuple[SinkReference, ...]
    at: float
    usable: frozenset[str]
    problems: Mapping[str, str] = field(default_factory=dict)


class SinkSecrets:
    """The Secrets of sinks. They are not watched.

    If a Secret cannot be read, it stays mounted or not mounted as it is: the pods are not replaced because of that.

    Args:
        objects: client for single objects.
        clock: monotonic clock, in seconds.
        recheck_seconds: seconds between reconciles of a site without events.
    """

    def __init__(self, objects: ObjectClient, clock: Callable[[], float], recheck_seconds: float) -> None:
        self._objects = objects
        self._clock = clock
        self._fresh_for = recheck_seconds / 2
        self._entries: dict[ResourceKey, _Entry] = {}

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._entries.pop(site, None)

    def usable(self, site: ResourceKey) -> frozenset[str]:
        """Return the names of the Secrets that may be mounted: when they were last read, they had the label."""
        entry = self._entries.get(site)
        return entry.usable if entry is not None else frozenset()

    async def problems(self, site: SiteInput, connected: Collection[str]) -> Mapping[str, str]:
        """Read the Secrets unless that was done lately, and return the problems by name of the sink.

        Args:
            site: the site.
            connected: names of the sinks that the processor reports as connected.

        Raises:
            ApiError: the API server rejected the read of a Secret, and then that of the processor's Deployment.
            UnreachableError: the same without a response.
        """
        key = site.namespace, site.name
        references = tuple(sink_references(site))
        if not references:
            self.remove(key)
            return {}
        entry = self._entries.get(key)
        if entry is None or entry.references != references or self._is_due(entry, connected):
            entry = self._entries[key] = await self._read(site, references)
        return entry.problems

    def _is_due(self, entry: _Entry, connected: Collection[str]) -> bool:
        is_quiet = not entry.problems and all(each.sink in connected for each in entry.references)
        return self._clock() - entry.at >= self._fresh_for * (QUIET_PERIODS if is_quiet else 1)

    async def _read(self, site: SiteInput, references: tuple[SinkReference, ...]) -> _Entry:
        at = self._clock()
        found = await self._secrets(site.namespace, dict.fromkeys(each.secret for each in references))
        problems: dict[str, str] = {}
        for each in references:
            if (problem := reference_problem(each, found[each.secret])) is not None:
                problems.setdefault(each.sink, problem)
        usable = {name for name, secret in found.items() if not isinstance(secret, Exception) and is_usable(secret)}
        unread = {name for name, secret in found.items() if isinstance(secret, Exception)}
        if unread:
            usable |= unread & await self._mounted(site)
        return _Entry(references, at, frozenset(usable), problems)

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
