"""The desired objects of a site. Only their digests are cached, because the manifests take much memory."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge_operator.api.edgesite import EdgeSiteSpec
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.cache.user_passwords import UserPasswords
from edge_operator.control.credentials.device_rotations import DeviceRotations
from edge_operator.control.credentials.root_secrets import RootKey
from edge_operator.control.diff.action import DesiredDigest
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey, desired_object
from edge_operator.control.diff.volumes import Claim, fit
from edge_operator.desired.components import GATEWAY
from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.kinds import PVC, SERVICE, kind_of
from edge_operator.desired.release import Release
from edge_operator.desired.site import SiteInput, desired_objects
from edge_operator.desired.volume_claim import STORAGE_DATA
from edge_operator.identity.certificates import period_of
from edge_operator.status import reasons
from edge_operator.status.facts import Problem

from .endpoints import balancer_address
from .spec import SpecUnusableError, parse_spec

CacheKey = tuple[object, ...]
"""Values that a site's desired objects depend on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The desired objects of one reconcile of a site.

    Attributes:
        digests: what every object of the site is compared with, in the order of applying.
        build: returns the objects with their manifests, in the same order.
    """

    digests: tuple[DesiredDigest, ...]
    build: Callable[[], list[DesiredObject]]

    @classmethod
    def of(cls, objects: list[DesiredObject]) -> "Plan":
        """Return the plan of objects that are built already."""
        return cls(tuple(DesiredDigest(each.key, each.hash, each.owned) for each in objects), lambda: objects)


class Plans:
    """The plans of all sites. Manifests are built only if something has to be written, and kept for one reconcile.

    Args:
        release: defaults of this operator's release.
        children: cache in which existing volumes are looked up.
        devices: cache of the devices, for their logins.
        rotations: the passwords that are in effect.
        user_passwords: passwords that users provide.
        wall_clock: current time, for the periods of certificates.
        usable_secrets: returns the names of the Secrets in the spec of a site that may be used.
    """

    def __init__(
        self,
        release: Release,
        children: ChildCache,
        devices: DeviceCache,
        rotations: DeviceRotations,
        user_passwords: UserPasswords,
        wall_clock: Callable[[], dt.datetime],
        usable_secrets: Callable[[ResourceKey], frozenset[str]],
    ) -> None:
        self._release = release
        self._children = children
        self._devices = devices
        self._rotations = rotations
        self._user_passwords = user_passwords
        self._wall_clock = wall_clock
        self._usable_secrets = usable_secrets
        self._digests: dict[ResourceKey, tuple[CacheKey, tuple[DesiredDigest, ...]]] = {}

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._digests.pop(site, None)

    def full(self, site: CachedSite, root: RootKey) -> SiteInput:
        """Return the site as input of the builders.

        Raises:
            SpecUnusableError: the stored spec is unusable.
        """
        return replace(self.without_devices(site, root), devices=self.logins(site.key))

    def without_devices(self, site: CachedSite, root: RootKey) -> SiteInput:
        """Return the site without its devices, which may be thousands: enough for everything but their logins.

        Raises:
            SpecUnusableError: the stored spec is unusable.
        """
        namespace, name = site.key
        return SiteInput(
            name=name,
            namespace=namespace,
            uid=site.owner_ref.uid,
            spec=parse_spec(site),
            release=self._release,
            root=root.key,
            addresses=self._addresses(site.key),
            period=period_of(self._wall_clock()),
            usable_secrets=self._usable_secrets(site.key),
            storage_bytes=self._storage_bytes(site.key),
        )

    def metadata_only(self, site: CachedSite) -> SiteInput:
        """Return the site without spec and root key: enough for the metadata of a child."""
        namespace, name = site.key
        owner_ref, spec = site.owner_ref, EdgeSiteSpec()
        return SiteInput(name=name, namespace=namespace, uid=owner_ref.uid, spec=spec, release=self._release, root=b"")

    def _addresses(self, site: ResourceKey) -> tuple[str, ...]:
        """Return the address of the gateway's load balancer, if it has one."""
        namespace, name = site
        seen = self._children.get(ObjectKey(SERVICE, namespace, f"{name}-{GATEWAY}"))
        address = balancer_address(seen.body) if seen is not None else None
        return (address,) if address else ()

    def _storage_bytes(self, site: ResourceKey) -> int | None:
        """Return the size of the store's volume; None until there is one."""
        namespace, name = site
        seen = self._children.get(ObjectKey(PVC, namespace, f"{name}-{STORAGE_DATA}"))
        return Claim.of(seen).capacity_bytes if seen is not None else None

    def logins(self, site: ResourceKey) -> tuple[DeviceLogin, ...]:
        """Return the logins of the site's devices, by identifier: of two with one identifier that of the older."""
        logins = (self._login(each) for each in self._devices.id_owners(site) if each.logs_in)
        return tuple(login for login in logins if login is not None)

    def _login(self, device: CachedDevice) -> DeviceLogin | None:
        """Return the login of a device; None if the user's password is missing or invalid."""
        if device.user_secret is None:
            return DeviceLogin(device.device_id, self._rotations.in_effect(device))
        own = self._user_passwords.get(device.user_secret)
        if own is None or own.password is None:
            return None
        return DeviceLogin(device.device_id, device.rotation, own.password)

    def plan(self, site: CachedSite, root: RootKey) -> Plan:
        """Return the desired objects of the site.

        Raises:
            SpecUnusableError: the spec contains something that cannot be created.
        """
        cache_key = self._cache_key(site, root)
        kept = self._digests.get(site.key)
        if kept is not None and kept[0] == cache_key:
            return Plan(kept[1], lambda: self.objects(site, root))
        plan = Plan.of(self.objects(site, root))
        self._digests[site.key] = cache_key, plan.digests
        return plan

    def objects(self, site: CachedSite, root: RootKey) -> list[DesiredObject]:
        """Return the desired objects of the site with their manifests, in the order of applying.

        Raises:
            SpecUnusableError: the spec contains something that cannot be created.
        """
        described = self.full(site, root)
        try:
            manifests = desired_objects(described)
        except ValueError as error:
            raise SpecUnusableError(
                Problem(reasons.SPEC_INVALID, f"{error}: correct the spec of the {site}")
            ) from error
        return [desired_object(self._fitted(manifest)) for manifest in manifests]

    def _fitted(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = kind_of(manifest)
        if kind is not PVC:
            return manifest
        metadata = manifest["metadata"]
        return fit(manifest, self._children.get(ObjectKey(kind, metadata["namespace"], metadata["name"])))

    def _cache_key(self, site: CachedSite, root: RootKey) -> CacheKey:
        owned = self._children.owned_by(SITE, site.key)
        volumes = frozenset((seen.key.name, seen.version) for seen in owned if seen.key.kind is PVC)
        period = period_of(self._wall_clock())
        kept = (self.logins(site.key), self._addresses(site.key), period, self._usable_secrets(site.key))
        return (site.owner_ref.uid, site.generation, root.version, volumes, *kept)
