"""The logins to revoke on a managed broker while nothing else of the site may be changed.

The objects of a site that is paused, or has an unusable spec or root key, are not changed. A device that is deleted
or disabled meanwhile must still be disconnected: its line is removed from its Secret, and every other line stays.
"""

from collections.abc import Container
from dataclasses import dataclass

from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.diff.action import is_unwanted
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey, desired_object
from edge_operator.control.diff.observed import Observed
from edge_operator.desired.inputs import Manifest
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.secret.broker_auth import broker_auth_without, is_broker_auth, logins_in
from edge_operator.identity.logins import COMPONENTS, client_username

from .plan import Plan, Plans
from .spec import SpecUnusableError, parse_spec


@dataclass(frozen=True, slots=True)
class _Kept:
    """The usernames in one Secret, as of a resourceVersion."""

    version: str
    usernames: frozenset[str]


class Revocations:
    """Finds the logins to remove from the Secrets of a site.

    Args:
        children: cache of the Secrets.
        plans: the logins that are allowed.
        objects: client that reads the content of the Secrets, because only their metadata is cached.
    """

    def __init__(self, children: ChildCache, plans: Plans, objects: ObjectClient) -> None:
        self._children = children
        self._plans = plans
        self._objects = objects
        self._kept: dict[ResourceKey, dict[ObjectKey, _Kept]] = {}

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._kept.pop(site, None)

    async def plan(self, site: CachedSite) -> Plan:
        """Return the Secrets of the site without the logins that are not allowed any more; only those that differ.

        Raises:
            ApiError: the API server rejected the read of a Secret.
            UnreachableError: the API server did not respond.
        """
        devices = {login.device_id for login in self._plans.logins(site.key)}
        clients = client_usernames(site)
        secrets = login_secrets(self._children, site)
        objects = [each for seen in secrets if (each := await self._desired(site, seen, devices, clients))]
        return Plan.of(objects)

    async def _desired(
        self, site: CachedSite, seen: Observed, devices: Container[str], clients: Container[str] | None
    ) -> DesiredObject | None:
        """Return the Secret without revoked logins; None if it contains none, or cannot be read."""
        kept, secret = self._kept.setdefault(site.key, {}), None
        known = kept.get(seen.key)
        if known is None or known.version != seen.version:
            if (secret := await self._read(seen)) is None:
                return None
            known = kept[seen.key] = _Kept(secret["metadata"]["resourceVersion"], logins_in(secret))
        gone = frozenset(name for name in known.usernames if is_revoked(name, devices, clients))
        if not gone:
            return None
        secret = secret or await self._read(seen)
        if secret is None:
            return None
        return desired_object(broker_auth_without(self._plans.metadata_only(site), secret, gone))

    async def _read(self, seen: Observed) -> Manifest | None:
        secret = await self._objects.get(seen.key.kind, seen.key.namespace, seen.key.name)
        if secret is None:
            return None
        try:
            logins_in(secret)
        except ValueError:
            # The broker's agent cannot read it either and keeps using what it read before.
            return None
        return secret


def login_secrets(children: ChildCache, site: CachedSite) -> list[Observed]:
    """Return index and shards of a site, also those to be deleted: the broker's agent may still read them."""
    return [
        seen
        for seen in children.owned_by(SITE, site.key)
        if seen.key.kind is SECRET and is_broker_auth(site.key[1], seen.key.name) and is_unwanted(seen, site.owner_ref)
    ]


def is_revoked(username: str, devices: Container[str], clients: Container[str] | None) -> bool:
    """Return whether the broker must reject a username that it has accepted so far.

    Args:
        username: as in the password file; those of components and clients begin with `~`.
        devices: usernames of the devices that may log in.
        clients: usernames of the other clients; None if the spec is unusable, so that none is revoked.
    """
    if not username.startswith("~"):
        return username not in devices
    return clients is not None and username not in clients and username not in COMPONENTS


def client_usernames(site: CachedSite) -> frozenset[str] | None:
    """Return the usernames of the other clients; None if the spec is unusable."""
    try:
        broker = parse_spec(site).broker
        if broker.type != "Managed":
            return None
        clients = (broker.managed.clients if broker.managed else None) or ()
        return frozenset(client_username(client.name) for client in clients)
    except (SpecUnusableError, ValueError):
        return None
