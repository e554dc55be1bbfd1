"""A site's intents: every object that should be, with hash and owned fields; what they are compared with is kept."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from edge_operator.api.edgesite import EdgeSite, EdgeSiteSpec
from edge_operator.desired.inputs import DeviceLogin
from edge_operator.desired.kinds import PVC
from edge_operator.desired.release import Release
from edge_operator.desired.site import Site, desired_objects
from edge_operator.status.facts import Problem

from .intent import KIND_OF, Intent, ObjectKey, intend
from .resource import SiteObject
from .resources import DeviceStore
from .roots import Root
from .store import SITE, ChildStore, ResourceKey
from .verdict import Wanted
from .volumes import fit


class SpecUnusableError(Exception):
    """The stored spec is none that this release understands."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


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


Basis = tuple[str, int, str, tuple[str, ...], tuple[DeviceLogin, ...]]
"""What a site's intents depend on: its uid and generation, its root, its volumes, its devices."""


class Plans:
    """The intents of all sites. Manifests are built when something is to be done, and not kept.

    Args:
        release: defaults of this operator's release.
        store: where volumes are looked up that are there already.
        devices: who logs in on the broker.
    """

    def __init__(self, release: Release, store: ChildStore, devices: DeviceStore) -> None:
        self._release = release
        self._store = store
        self._devices = devices
        self._wanted: dict[ResourceKey, tuple[Basis, tuple[Wanted, ...]]] = {}

    def forget(self, site: ResourceKey) -> None:
        """Forget a site that is gone."""
        self._wanted.pop(site, None)

    def site(self, site: SiteObject, root: Root) -> Site:
        """Return the site as the builders see it.

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
            devices=self._logins(site.key),
        )

    def _logins(self, site: ResourceKey) -> tuple[DeviceLogin, ...]:
        """Return the logins of the site's devices, by identifier: of two that claim the same, the elder's."""
        holders = self._devices.holders(site)
        return tuple(DeviceLogin(each.device_id, each.rotation) for each in holders if each.logs_in)

    def wanted(self, site: SiteObject, root: Root) -> tuple[Wanted, ...]:
        """Return what every object of the site is compared with, in the order of applying."""
        basis = self._basis(site, root)
        kept = self._wanted.get(site.key)
        if kept is None or kept[0] != basis:
            wanted = tuple(Wanted(intent.key, intent.hash, intent.owned) for intent in self.intents(site, root))
            kept = self._wanted[site.key] = basis, wanted
        return kept[1]

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
        volumes = tuple(
            sorted(f"{seen.key.name} {seen.version}" for seen in self._store.of(SITE, site.key) if seen.key.kind is PVC)
        )
        return site.claim.uid, site.generation, root.version, volumes, self._logins(site.key)
