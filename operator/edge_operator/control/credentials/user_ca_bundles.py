"""CA bundles of the certificates that users provide for their brokers, read from Secrets in cert-manager's format."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.kinds import SECRET
from edge_operator.identity.secret_use import SecretUse
from edge_operator.identity.user_certificates import certificates_alone
from edge_operator.status.facts import Problem

from .ca_bundle_problems import CaBundleUnusableError, invalid, not_allowed, not_found

KEY = "ca.crt"
MAX_BYTES = 16384
"""The bundle is copied into the Secret of each device of the site."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """The content of a Secret when it was read: a CA bundle, none, or a problem.

    Attributes:
        uid: metadata.uid of the site.
        secret: the Secret that the site's spec referenced.
        at: time of the read on the monotonic clock, in seconds.
        authority: the certificates, in PEM.
        problem: the problem, or None.
    """

    uid: str
    secret: ResourceKey
    at: float = field(compare=False)
    authority: str | None = None
    problem: Problem | None = None

    def is_of(self, site: CachedSite, secret: ResourceKey) -> bool:
        """Return whether the entry belongs to the Secret that the site's spec references now."""
        return (self.uid, self.secret) == (site.owner_ref.uid, secret)


class UserCaBundles:
    """CA bundles by site. The Secrets are not watched: each is read again when its site is reconciled.

    Args:
        objects: client for single objects.
        clock: monotonic clock, in seconds.
        recheck_seconds: seconds between reconciles of a site without events.
        changed: called with the key of a site if the content of its Secret has changed.
        use: the rule which Secrets may be used.
    """

    def __init__(
        self,
        objects: ObjectClient,
        clock: Callable[[], float],
        recheck_seconds: float,
        changed: Callable[[ResourceKey], None],
        use: SecretUse,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._fresh_for = recheck_seconds / 2
        self._changed = changed
        self._use = use
        self._entries: dict[ResourceKey, _Entry] = {}
        # All devices of a site are reconciled at once: only the first reads the Secret.
        self._reading: defaultdict[ResourceKey, asyncio.Lock] = defaultdict(asyncio.Lock)

    def remove(self, site: ResourceKey) -> None:
        """Remove a site that was deleted, or does not use a user's certificate any more."""
        self._entries.pop(site, None)
        self._reading.pop(site, None)

    async def problem(self, site: CachedSite) -> Problem | None:
        """Read the Secret that a site's spec references, and return its problem, or None.

        Raises:
            ApiError: the API server rejected the read.
            UnreachableError: the API server did not respond.
        """
        if site.user_tls_secret is None:
            self.remove(site.key)
            return None
        return (await self._latest(site, site.user_tls_secret)).problem

    async def get(self, site: CachedSite, secret: ResourceKey) -> str | None:
        """Return the CA bundle in PEM; None if the Secret has none, as with a public authority.

        Args:
            site: the site.
            secret: the Secret that its spec references.

        Raises:
            CaBundleUnusableError: the Secret does not exist, or its bundle is invalid.
            ApiError: the API server rejected the read.
            UnreachableError: the API server did not respond.
        """
        entry = await self._latest(site, secret)
        if entry.problem is not None:
            raise CaBundleUnusableError(entry.problem)
        return entry.authority

    async def _latest(self, site: CachedSite, secret: ResourceKey) -> _Entry:
        async with self._reading[site.key]:
            before = self._entries.get(site.key)
            if before is not None and before.is_of(site, secret) and self._clock() - before.at < self._fresh_for:
                return before
            after = self._entries[site.key] = await self._read(site, secret)
        if after != before and (before is not None or after.problem is not None):
            self._changed(site.key)
        return after

    async def _read(self, site: CachedSite, secret: ResourceKey) -> _Entry:
        uid, at = site.owner_ref.uid, self._clock()
        found = await self._objects.get(SECRET, *secret)
        if found is None:
            return _Entry(uid, secret, at, problem=not_found(site.key, secret))
        if not self._use.allows(*secret, found):
            return _Entry(uid, secret, at, problem=not_allowed(site.key, secret))
        try:
            return _Entry(uid, secret, at, _authority(found))
        except ValueError:
            return _Entry(uid, secret, at, problem=invalid(site.key, secret, MAX_BYTES))


def _authority(secret: Mapping[str, Any]) -> str | None:
    """Return the certificates in a Secret; None if there are none.

    Raises:
        ValueError: the value is not a certificate, or is too long.
    """
    pem = secret_value(secret, KEY)
    if not pem:
        return None
    if len(pem) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    return certificates_alone(pem)
