"""A site's intents: every object that should be, with hash and owned fields; what they are compared with is kept."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from edge_operator.api.edgesite import EdgeSite, EdgeSiteSpec
from edge_operator.control.apply.report import ProblemError
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache
from edge_operator.control.cache.user_passwords import UserPasswords
from edge_operator.control.credentials.device_rotations import Rotations
from edge_operator.control.credentials.root_secrets import Root
from edge_operator.control.diff.action import DesiredDigest
from edge_operator.control.diff.desired_object import DesiredObject, ObjectKey, desired_object
from edge_operator.control.diff.volumes import fit
from edge_operator.desired.components import GATEWAY
from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.kinds import PVC, SERVICE, kind_of
from edge_operator.desired.release import Release
from edge_operator.desired.site import Site, desired_objects
from edge_operator.identity.certificates import period_of
from edge_operator.status.facts import Problem

from .endpoints import balancer_address


class SpecUnusableError(ProblemError):
    """The stored spec is none that this release understands."""


def parse_spec(site: CachedSite) -> EdgeSiteSpec:
    """Return the site's spec as a type.

    Raises:
        SpecUnusableError: it was stored under other rules than this release's.
    """
    try:
        # Without the status: another release may have written one that this release does not know.
        return EdgeSite.model_validate({"spec": site.body.get("spec") or {}}).spec
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SpecUnusableError(
            Problem("SpecInvalid", f"{where}: {first['msg']}: correct the spec of the {site}")
        ) from error


Basis = tuple[object, ...]
"""What a site's intents depend on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one pass over a site is to bring about.

    Attributes:
        wanted: what every object of the site is compared with, in the order of applying.
        intents: builds the manifests in the same order, or hands out those that `digests` had to be built from.
    """

    digests: tuple[DesiredDigest, ...]
    intents: Callable[[], list[DesiredObject]]


class Plans:
    """The intents of all sites. Manifests are built when something is to be done, and kept for one pass at most.

    Args:
        release: defaults of this operator's release.
        children: where volumes are looked up that are there already.
        devices: who logs in on the broker.
        rotations: with which of their passwords.
        user_passwords: those that users bring.
        wall_clock: now, for the periods of certificates.
    """

    def __init__(
        self,
        release: Release,
        children: ChildCache,
        devices: DeviceCache,
        rotations: Rotations,
        user_passwords: UserPasswords,
        wall_clock: Callable[[], dt.datetime],
    ) -> None:
        self._release = release
        self._children = children
        self._devices = devices
        self._rotations = rotations
        self._user_passwords = user_passwords
        self._wall_clock = wall_clock
        self._digests: dict[ResourceKey, tuple[Basis, tuple[DesiredDigest, ...]]] = {}

    def remove(self, site: ResourceKey) -> None:
        """Forget a site that is gone."""
        self._digests.pop(site, None)

    def site(self, site: CachedSite, root: Root) -> Site:
        """Return the site as the builders see it.

        Raises:
            SpecUnusableError: the stored spec is unusable.
        """
        return replace(self.outline(site, root), devices=self.logins(site.key))

    def outline(self, site: CachedSite, root: Root) -> Site:
        """Return the site without its devices, of which there may be thousands: enough for all but their logins.

        Raises:
            SpecUnusableError: the stored spec is unusable.
        """
        namespace, name = site.key
        return Site(
            name=name,
            namespace=namespace,
            uid=site.owner_ref.uid,
            spec=parse_spec(site),
            release=self._release,
            root=root.key,
            addresses=self._addresses(site.key),
            period=period_of(self._wall_clock()),
        )

    def bare(self, site: CachedSite) -> Site:
        """Return the site without spec and root key: enough for a child's metadata."""
        namespace, name = site.key
        owner_ref, spec = site.owner_ref, EdgeSiteSpec()
        return Site(name=name, namespace=namespace, uid=owner_ref.uid, spec=spec, release=self._release, root=b"")

    def _addresses(self, site: ResourceKey) -> tuple[str, ...]:
        """Return where the gateway's load balancer is reached, as far as it is known."""
        namespace, name = site
        seen = self._children.get(ObjectKey(SERVICE, namespace, f"{name}-{GATEWAY}"))
        address = balancer_address(seen.body) if seen is not None else None
        return (address,) if address else ()

    def logins(self, site: ResourceKey) -> tuple[DeviceLogin, ...]:
        """Return the logins of the site's devices, by identifier: of two that claim the same, the elder's."""
        logins = (self._login(each) for each in self._devices.id_owners(site) if each.logs_in)
        return tuple(login for login in logins if login is not None)

    def _login(self, device: CachedDevice) -> DeviceLogin | None:
        """Return the login of a device; None where the user's own password cannot be had."""
        if device.user_secret is None:
            return DeviceLogin(device.device_id, self._rotations.in_effect(device))
        own = self._user_passwords.get(device.user_secret)
        if own is None or own.password is None:
            return None
        return DeviceLogin(device.device_id, device.rotation, own.password)

    def plan(self, site: CachedSite, root: Root) -> Plan:
        """Return what a pass over the site is to bring about.

        Raises:
            SpecUnusableError: the spec has something that cannot be made.
        """
        basis = self._basis(site, root)
        kept = self._digests.get(site.key)
        if kept is not None and kept[0] == basis:
            return Plan(kept[1], lambda: self.intents(site, root))
        built = self.intents(site, root)
        digests = tuple(DesiredDigest(desired.key, desired.hash, desired.owned) for desired in built)
        self._digests[site.key] = basis, digests
        return Plan(digests, lambda: built)

    def intents(self, site: CachedSite, root: Root) -> list[DesiredObject]:
        """Return the intents of the site, in the order of applying.

        Raises:
            SpecUnusableError: the spec has something that cannot be made.
        """
        described = self.site(site, root)
        try:
            manifests = desired_objects(described)
        except ValueError as error:
            raise SpecUnusableError(Problem("SpecInvalid", f"{error}: correct the spec of the {site}")) from error
        return [desired_object(self._fitted(manifest)) for manifest in manifests]

    def _fitted(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = kind_of(manifest)
        if kind is not PVC:
            return manifest
        metadata = manifest["metadata"]
        return fit(manifest, self._children.get(ObjectKey(kind, metadata["namespace"], metadata["name"])))

    def _basis(self, site: CachedSite, root: Root) -> Basis:
        volumes = tuple(
            sorted(
                f"{seen.key.name} {seen.version}"
                for seen in self._children.owned_by(SITE, site.key)
                if seen.key.kind is PVC
            )
        )
        period = period_of(self._wall_clock())
        kept = (self.logins(site.key), self._addresses(site.key), period)
        return (site.owner_ref.uid, site.generation, root.version, volumes, *kept)
