"""Who signed the certificates that users bring for their brokers: read from Secrets of cert-manager's format."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from edge_operator.cluster.objects import Objects
from edge_operator.control.apply.report import Report
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.desired.kinds import SECRET
from edge_operator.identity.certificates import certificates_alone
from edge_operator.status.facts import Problem

from .ca_bundle_problems import AuthorityUnusableError, invalid, not_found

KEY = "ca.crt"
MAX_BYTES = 16384
"""It goes into the Secret of each device of the site."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a Secret said when it was read: an authority, none, or a problem.

    Attributes:
        uid: of the site, as long as it is the same object.
        secret: the Secret that its spec named.
        at: when it was read, in seconds of the steady clock.
        authority: the certificates, in PEM.
        problem: what is wrong.
    """

    uid: str
    secret: ResourceKey
    at: float = field(compare=False)
    authority: str | None = None
    problem: Problem | None = None

    def is_of(self, site: CachedSite, secret: ResourceKey) -> bool:
        """Whether it is what a site's spec names."""
        return (self.uid, self.secret) == (site.owner_ref.uid, secret)


class Authorities:
    """The authorities by site. No watch tells of the Secrets: each is read again when its site is looked at.

    Args:
        objects: the API server.
        clock: the steady clock, in seconds.
        look_again: seconds until a site is looked at that nothing else tells of.
        changed: called with the key of a site whose Secret says something else than before.
    """

    def __init__(
        self,
        objects: Objects,
        clock: Callable[[], float],
        recheck_seconds: float,
        changed: Callable[[ResourceKey], None],
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._fresh_for = recheck_seconds / 2
        self._changed = changed
        self._known: dict[ResourceKey, _Known] = {}
        # All devices of a site ask at once.
        self._reading: defaultdict[ResourceKey, asyncio.Lock] = defaultdict(asyncio.Lock)

    def remove(self, site: ResourceKey) -> None:
        """Forget a site that is gone, or to which no certificate is brought any more."""
        self._known.pop(site, None)
        self._reading.pop(site, None)

    async def follow(self, site: CachedSite, report: Report) -> None:
        """Look at the Secret that a site's spec names, and report what is wrong with it.

        Raises:
            ApiError: the API server refused to tell it.
            UnreachableError: it did not answer.
        """
        if site.user_tls_secret is None:
            self.remove(site.key)
            return
        known = await self._latest(site, site.user_tls_secret)
        if known.problem is not None:
            report.problems.append(known.problem)

    async def learn(self, site: CachedSite, secret: ResourceKey) -> str | None:
        """Return the authority, in PEM; None where the Secret names none, as with a public one.

        Args:
            site: the site.
            secret: the Secret that its spec names.

        Raises:
            AuthorityUnusableError: the Secret is not there, or what it holds is no authority.
            ApiError: the API server refused to tell it.
            UnreachableError: it did not answer.
        """
        known = await self._latest(site, secret)
        if known.problem is not None:
            raise AuthorityUnusableError(known.problem)
        return known.authority

    async def _latest(self, site: CachedSite, secret: ResourceKey) -> _Known:
        async with self._reading[site.key]:
            before = self._known.get(site.key)
            if before is not None and before.is_of(site, secret) and self._clock() - before.at < self._fresh_for:
                return before
            after = self._known[site.key] = await self._read(site, secret)
        if after != before and (before is not None or after.problem is not None):
            self._changed(site.key)
        return after

    async def _read(self, site: CachedSite, secret: ResourceKey) -> _Known:
        uid, at = site.owner_ref.uid, self._clock()
        found = await self._objects.get(SECRET, *secret)
        if found is None:
            return _Known(uid, secret, at, problem=not_found(site.key, secret))
        try:
            return _Known(uid, secret, at, _authority((found.get("data") or {}).get(KEY)))
        except ValueError:
            return _Known(uid, secret, at, problem=invalid(site.key, secret, MAX_BYTES))


def _authority(encoded: str | None) -> str | None:
    """Return the certificates under the key; None where there are none.

    Raises:
        ValueError: what stands there is something else, or too long.
    """
    if not encoded:
        return None
    pem = base64.b64decode(encoded, validate=True)
    if len(pem) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return certificates_alone(pem)
