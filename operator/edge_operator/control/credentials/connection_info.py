"""What a site offers its devices: where they connect, whom they trust there, and the root of their passwords."""

import base64
import logging
from dataclasses import dataclass, field

from edge_operator.cluster.objects import Objects
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.desired.kinds import SECRET
from edge_operator.identity.certificates import authority_certificate

from .ca_bundle_problems import AuthorityUnusableError
from .device_address import Address, address_of
from .root_secret_problems import RootUnusableError
from .root_secrets import RootKeys
from .user_ca_bundles import KEY, Authorities

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a site offers its devices.

    Attributes:
        address: where they connect.
        authority: whom they trust there, in PEM; None where the certificate is of a public authority.
        root: the site's root key.
    """

    address: Address
    authority: str | None
    root: bytes = field(repr=False)


class Offers:
    """Gathers what the sites offer.

    Args:
        roots: the root keys of the sites.
        authorities: of the certificates that users bring.
        objects: the API server, for what was issued before.
    """

    def __init__(self, roots: RootKeys, authorities: Authorities, objects: Objects) -> None:
        self._roots = roots
        self._authorities = authorities
        self._objects = objects

    async def to(self, device: CachedDevice, site: CachedSite) -> Offer | None:
        """Return what a site with a broker of its own offers a device; None while it is not brought up.

        Raises:
            AuthorityUnusableError: it cannot be said whom the device is to trust, and nothing was said before.
        """
        root, address = await self._root(site), address_of(site)
        if root is None or address is None:
            return None
        if site.user_tls_secret is None:
            return Offer(address, authority_certificate(root, "/".join(site.key)), root)
        return Offer(address, await self._brought(device, site, site.user_tls_secret), root)

    async def _brought(self, device: CachedDevice, site: CachedSite, secret: ResourceKey) -> str | None:
        """Return the authority of the user's certificate; while that is out of order the one that the device has."""
        try:
            return await self._authorities.learn(site, secret)
        except AuthorityUnusableError:
            issued = await self._objects.get(SECRET, device.key[0], device.secret_name)
            if issued is None:
                raise
        encoded = (issued.get("data") or {}).get(KEY)
        return None if encoded is None else base64.b64decode(encoded).decode(errors="replace")

    async def _root(self, site: CachedSite) -> bytes | None:
        """Return the root key of the site; None where there is none, or none that can be used."""
        try:
            root = await self._roots.learn(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)
            return None
        return None if root is None else root.key
