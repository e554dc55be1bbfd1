"""Who signed the certificates that users bring for their brokers: read from Secrets of cert-manager's format."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from edge_operator.cluster.objects import Objects
from edge_operator.desired.kinds import SECRET
from edge_operator.identity.certificates import certificates_alone
from edge_operator.status.facts import Problem

from .authority_problems import AuthorityUnusableError, invalid, not_found
from .resource import SiteObject
from .store import ResourceKey

KEY = "ca.crt"
MOST_CHARACTERS = 65536
"""It goes into the Secret of each device of the site."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a Secret has said last, of the site that was made with this uid: an authority, none, or a problem."""

    uid: str
    secret: ResourceKey
    authority: str | None = None
    problem: Problem | None = None

    def is_of(self, site: SiteObject, secret: ResourceKey) -> bool:
        """Whether it is what a site's spec names."""
        return (self.uid, self.secret) == (site.claim.uid, secret)


class Authorities:
    """The authorities by site. What is known stays while its Secret is away or holds what cannot be used.

    No watch tells of the Secrets: each is looked at when its site is.

    Args:
        objects: the API server.
        changed: called with the key of a site whose authority is another one now.
    """

    def __init__(self, objects: Objects, changed: Callable[[ResourceKey], None]) -> None:
        self._objects = objects
        self._changed = changed
        self._known: dict[ResourceKey, _Known] = {}

    def forget(self, site: ResourceKey) -> None:
        """Forget a site that is gone."""
        self._known.pop(site, None)

    async def learn(self, site: SiteObject, secret: ResourceKey) -> str | None:
        """Return the authority, in PEM, as it was read last; None where the Secret names none, as with a public one.

        Args:
            site: the site.
            secret: the Secret that its spec names.

        Raises:
            AuthorityUnusableError: the Secret is not there, or what it holds is no authority.
            ApiError: the API server refused to tell it.
            UnreachableError: it did not answer.
        """
        known = self._known.get(site.key)
        if known is None or not known.is_of(site, secret):
            known = self._known[site.key] = await self._read(site, secret)
        if known.problem is not None:
            raise AuthorityUnusableError(known.problem)
        return known.authority

    async def follow(self, site: SiteObject, secret: ResourceKey) -> None:
        """Look at the Secret again, and have it told if it says something else than before.

        Raises:
            ApiError: the API server refused to tell it.
            UnreachableError: it did not answer.
        """
        before, after = self._known.get(site.key), await self._read(site, secret)
        stays = before is not None and before.is_of(site, secret) and before.problem is None
        if after == before or (after.problem is not None and stays):
            return
        self._known[site.key] = after
        self._changed(site.key)

    async def _read(self, site: SiteObject, secret: ResourceKey) -> _Known:
        uid, found = site.claim.uid, await self._objects.get(SECRET, *secret)
        if found is None:
            return _Known(uid, secret, problem=not_found(site.key, secret))
        try:
            return _Known(uid, secret, _authority((found.get("data") or {}).get(KEY)))
        except ValueError as error:
            return _Known(uid, secret, problem=invalid(site.key, secret, str(error)))


def _authority(encoded: str | None) -> str | None:
    """Return the certificates under the key; None where there are none.

    Raises:
        ValueError: what stands there is something else, or too long.
    """
    if not encoded:
        return None
    pem = certificates_alone(base64.b64decode(encoded, validate=True))
    if len(pem) > MOST_CHARACTERS:
        raise ValueError(f"more than {MOST_CHARACTERS // 1024} KiB")
    return pem
