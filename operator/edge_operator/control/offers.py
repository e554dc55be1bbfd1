"""What a site offers its devices: where they connect, whom they trust there, and the root of their passwords."""

import logging
from dataclasses import dataclass, field

from edge_operator.identity.certificates import authority_certificate

from .address import Address, address_of
from .authorities import Authorities
from .resource import SiteObject
from .root_problems import RootUnusableError
from .roots import RootKeys

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
    """

    def __init__(self, roots: RootKeys, authorities: Authorities) -> None:
        self._roots = roots
        self._authorities = authorities

    async def of(self, site: SiteObject) -> Offer | None:
        """Return what a site with a broker of its own offers; None while it is not brought up.

        Raises:
            AuthorityUnusableError: the certificate that the user brings is missing, or its authority unusable.
        """
        root, address = await self._root(site), address_of(site)
        if root is None or address is None:
            return None
        secret = site.own_tls
        if secret is None:
            authority: str | None = authority_certificate(root, "/".join(site.key))
        else:
            authority = await self._authorities.learn(site, secret)
        return Offer(address, authority, root)

    async def _root(self, site: SiteObject) -> bytes | None:
        """Return the root key of the site; None where there is none, or none that can be used."""
        try:
            root = await self._roots.learn(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)
            return None
        return None if root is None else root.key
