"""The connection info of a device: address, certificate authority, and the root key of its password."""

import logging
from dataclasses import dataclass, field

from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.desired.encoding import secret_value
from edge_operator.desired.kinds import SECRET
from edge_operator.identity.certificates import authority_certificate

from .ca_bundle_problems import CaBundleUnusableError
from .device_address import DeviceAddress, address_of
from .root_secret_problems import RootUnusableError
from .root_secrets import RootSecrets
from .user_ca_bundles import KEY, UserCaBundles

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """Values with which a device of a site connects.

    Attributes:
        address: where the device connects.
        authority: CA certificates in PEM that verify the broker; None if a public authority signed the certificate.
        root: the site's root key.
    """

    address: DeviceAddress
    authority: str | None
    root: bytes = field(repr=False)


class ConnectionInfoSource:
    """Collects the connection info of devices.

    Args:
        roots: the root keys of the sites.
        ca_bundles: CA certificates that users provide.
        objects: client for single objects, for the Secrets that were issued before.
    """

    def __init__(self, roots: RootSecrets, ca_bundles: UserCaBundles, objects: ObjectClient) -> None:
        self._roots = roots
        self._ca_bundles = ca_bundles
        self._objects = objects

    async def for_device(self, device: CachedDevice, site: CachedSite) -> ConnectionInfo | None:
        """Return the connection info for a device of a site with a managed broker; None until the site is ready.

        Raises:
            CaBundleUnusableError: the CA bundle is unusable and no Secret was issued before.
        """
        root, address = await self._root(site), address_of(site)
        if root is None or address is None:
            return None
        if site.user_tls_secret is None:
            return ConnectionInfo(address, authority_certificate(root, "/".join(site.key)), root)
        return ConnectionInfo(address, await self._user_ca(device, site, site.user_tls_secret), root)

    async def _user_ca(self, device: CachedDevice, site: CachedSite, secret: ResourceKey) -> str | None:
        """Return the CA bundle of the user; while it is unusable, the one in the device's present Secret."""
        try:
            return await self._ca_bundles.get(site, secret)
        except CaBundleUnusableError:
            issued = await self._objects.get(SECRET, device.key[0], device.secret_name)
            if issued is None:
                raise
        value = secret_value(issued, KEY)
        return None if value is None else value.decode(errors="replace")

    async def _root(self, site: CachedSite) -> bytes | None:
        """Return the root key of the site; None if it is missing or unusable."""
        try:
            root = await self._roots.read(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)
            return None
        return None if root is None else root.key
