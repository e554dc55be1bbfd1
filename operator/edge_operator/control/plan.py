"""A site's intents: every object that should be, with hash and owned fields; what they are compared with is kept."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from edge_operator.api.edgesite import EdgeSite, EdgeSiteSpec
from edge_operator.desired.components import GATEWAY
from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.kinds import PVC, SERVICE
from edge_operator.desired.release import Release
from edge_operator.desired.site import Site, desired_objects
from edge_operator.identity.certificates import period_of
from edge_operator.status.facts import Problem

from .endpoints import balancer_address
from .intent import KIND_OF, Intent, ObjectKey, intend
from .own_passwords import OwnPasswords
from .problem_error import ProblemError
from .resource import DeviceObject, SiteObject
from .resources import DeviceStore
from .roots import Root
from .rotations import Rotations
from .store import SITE, ChildStore, ResourceKey
from .verdict import Wanted
from .volumes import fit


class SpecUnusableError(ProblemError):
    """The stored spec is none that this release understands."""


def parse_spec(site: SiteObject) -> EdgeSiteSpec:
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
        intents: builds the manifests in the same order, or hands out those that `wanted` had to be built from.
    """

    wanted: tuple[Wanted, ...]
    intents: Callable[[], list[Intent]]


class Plans:
    """The intents of all sites. Manifests are built when something is to be done, and kept for one pass at most.

    Args:
        release: defaults of this operator's release.
        store: where volumes are looked up that are there already.
        devices: who logs in on the broker.
        rotations: with which of their passwords.
        own_passwords: those that users bring.
        wall_clock: now, for the periods of certificates.
    """

    def __init__(
        self,
        release: Release,
        store: ChildStore,
        devices: DeviceStore,
        rotations: Rotations,
        own_passwords: OwnPasswords,
        wall_clock: Callable[[], dt.datetime],
    ) -> None:
        self._release = release
        self._store = store
        self._devices = devices
        self._rotations = rotations
        self._own_passwords = own_passwords
        self._wall_clock = wall_clock
        self._wanted: dict[ResourceKey, tuple[Basis, tuple[Wanted, ...]]] = {}

    def forget(self, site: ResourceKey) -> None:
        """Forget a site that is gone."""
        self._wanted.pop(site, None)

    def site(self, site: SiteObject, root: Root) -> Site:
        """Return the site as the builders see it.

        Raises:
            SpecUnusableError: the stored spec is unusable.
        """
        return replace(self.outline(site, root), devices=self.logins(site.key))

    def outline(self, site: SiteObject, root: Root) -> Site:
        """Return the site without its devices, of which there may be thousands: enough for all but their logins.

        Raises:
            SpecUnusableError: the stored spec is unusable.
        """
        namespace, name = site.key
        return Site(
            name=name,
            namespace=namespace,
            uid=site.claim.uid,
            spec=parse_spec(site),
            release=self._release,
            root=root.key,
            addresses=self._addresses(site.key),
            period=period_of(self._wall_clock()),
        )

    def bare(self, site: SiteObject) -> Site:
        """Return the site without spec and root key: enough for a child's metadata."""
        namespace, name = site.key
        claim, spec = site.claim, EdgeSiteSpec()
        return Site(name=name, namespace=namespace, uid=claim.uid, spec=spec, release=self._release, root=b"")

    def _addresses(self, site: ResourceKey) -> tuple[str, ...]:
        """Return where the gateway's load balancer is reached, as far as it is known."""
        namespace, name = site
        seen = self._store.get(ObjectKey(SERVICE, namespace, f"{name}-{GATEWAY}"))
        address = balancer_address(seen.body) if seen is not None else None
        return (address,) if address else ()

    def logins(self, site: ResourceKey) -> tuple[DeviceLogin, ...]:
        """Return the logins of the site's devices, by identifier: of two that claim the same, the elder's."""
        logins = (self._login(each) for each in self._devices.holders(site) if each.logs_in)
        return tuple(login for login in logins if login is not None)

    def _login(self, device: DeviceObject) -> DeviceLogin | None:
        """Return the login of a device; None where the user's own password cannot be had."""
        if device.own_secret is None:
            return DeviceLogin(device.device_id, self._rotations.in_effect(device))
        own = self._own_passwords.get(device.own_secret)
        if own is None or own.password is None:
            return None
        return DeviceLogin(device.device_id, device.rotation, own.password)

    def plan(self, site: SiteObject, root: Root) -> Plan:
        """Return what a pass over the site is to bring about.

        Raises:
            SpecUnusableError: the spec has something that cannot be made.
        """
        basis = self._basis(site, root)
        kept = self._wanted.get(site.key)
        if kept is not None and kept[0] == basis:
            return Plan(kept[1], lambda: self.intents(site, root))
        built = self.intents(site, root)
        wanted = tuple(Wanted(intent.key, intent.hash, intent.owned) for intent in built)
        self._wanted[site.key] = basis, wanted
        return Plan(wanted, lambda: built)

    def intents(self, site: SiteObject, root: Root) -> list[Intent]:
        """Return the intents of the site, in the order of applying.

        Raises:
            SpecUnusableError: the spec has something that cannot be made.
        """
        described = self.site(site, root)
        try:
            manifests = desired_objects(described)
        except ValueError as error:
            raise SpecUnusableError(Problem("SpecInvalid", f"{error}: correct the spec of the {site}")) from error
        return [intend(self._fitted(manifest)) for manifest in manifests]

    def _fitted(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = KIND_OF[manifest["apiVersion"], manifest["kind"]]
        if kind is not PVC:
            return manifest
        metadata = manifest["metadata"]
        return fit(manifest, self._store.get(ObjectKey(kind, metadata["namespace"], metadata["name"])))

    def _basis(self, site: SiteObject, root: Root) -> Basis:
        children = self._store.of(SITE, site.key)
        volumes = frozenset((seen.key.name, seen.version) for seen in children if seen.key.kind is PVC)
        period = period_of(self._wall_clock())
        kept = (self.logins(site.key), self._addresses(site.key), period)
        return (site.claim.uid, site.generation, root.version, volumes, *kept)
