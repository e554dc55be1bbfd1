"""Finds out whether the Secrets exist that a site's spec names for its sinks."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.api.references import SecretReference
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.sinks import ALERTMANAGER, CLOUD, KAFKA, WEBHOOK, sink_names

LOGIN = ("username", "password")
TOKEN = ("token",)
AUTHORITY = ("ca.crt",)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A Secret that the spec names.

    Attributes:
        sink: name of the sink.
        where: field of the spec that names it.
        secret: its name.
        keys: sets of keys of which it must have one.
    """

    sink: str
    where: str
    secret: str
    keys: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """Problems when the Secrets were read.

    Attributes:
        references: what was read.
        at: time of the read on the monotonic clock, in seconds.
        problems: problems by name of the sink.
    """

    references: tuple[_Reference, ...]
    at: float = field(compare=False)
    problems: Mapping[str, str] = field(default_factory=dict)


class SinkSecrets:
    """Problems of the Secrets of sinks. The Secrets are not watched.

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

    async def problems(self, site: SiteInput, connected: Collection[str]) -> Mapping[str, str]:
        """Read the Secrets of the sinks that are not connected, and return the problems by name of the sink.

        Args:
            site: the site.
            connected: names of the sinks that the processor reports as connected: their Secrets are not read.

        Raises:
            ApiError: the API server rejected the read.
            UnreachableError: the API server did not respond.
        """
        key = site.namespace, site.name
        references = tuple(each for each in _references(site) if each.sink not in connected)
        if not references:
            self.remove(key)
            return {}
        before = self._entries.get(key)
        if before is None or before.references != references or self._clock() - before.at >= self._fresh_for:
            before = self._entries[key] = _Entry(references, self._clock(), await self._read(site, references))
        return before.problems

    async def _read(self, site: SiteInput, references: Iterable[_Reference]) -> dict[str, str]:
        problems: dict[str, str] = {}
        found: dict[str, Mapping[str, Any] | None] = {}
        for each in references:
            if each.secret not in found:
                found[each.secret] = await self._objects.get(SECRET, site.namespace, each.secret)
            problem = _problem(each, found[each.secret])
            if problem is not None:
                problems.setdefault(each.sink, problem)
        return problems


def _references(site: SiteInput) -> Iterable[_Reference]:
    cloud, kafka, alerting = site.spec.cloud, site.spec.processor.kafka, site.spec.alerting
    names = sink_names(site.spec)
    for sink, where, part, keys in (
        (CLOUD, "cloud", cloud, (TOKEN, LOGIN)),
        (KAFKA, "processor.kafka", kafka, (LOGIN,)),
        (ALERTMANAGER, "alerting", alerting, (TOKEN, LOGIN)),
        (WEBHOOK, "alerting", alerting, (TOKEN, LOGIN)),
    ):
        if part is not None and sink in names:
            yield from _reference(sink, f"spec.{where}.credentialsSecretRef", part.credentials_secret_ref, keys)
            yield from _reference(sink, f"spec.{where}.caSecretRef", part.ca_secret_ref, (AUTHORITY,))


def _reference(
    sink: str, where: str, given: SecretReference | None, keys: tuple[tuple[str, ...], ...]
) -> Iterable[_Reference]:
    if given is not None and given.name:
        yield _Reference(sink, where, given.name, keys)


def _problem(reference: _Reference, secret: Mapping[str, Any] | None) -> str | None:
    named = f"the Secret {reference.secret}, named in {reference.where},"
    if secret is None:
        return f"{named} does not exist: create it"
    present = set(secret.get("data") or {})
    if any(present.issuperset(keys) for keys in reference.keys):
        return None
    wanted = " or ".join(" and ".join(keys) for keys in reference.keys)
    return f"{named} has no key {wanted}: add it"
