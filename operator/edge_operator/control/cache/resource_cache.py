"""The custom resources as last seen."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from .child_cache import REMEMBERED_DELETIONS, ResourceKey, newer
from .compact import slim
from .resource import DeviceObject, Resource, SiteObject

Kept = TypeVar("Kept", bound=Resource)
Changed = Callable[[Kept | None, Kept | None], None]
"""Called with a resource as it was and as it is; None before it was there, and once it is gone."""


class ResourceStore(Generic[Kept]):
    """Takes the events of one kind of resource and tells what has changed.

    Args:
        make: makes what is kept of an object.
        changed: told of each that was added, changed or deleted.
    """

    def __init__(self, make: Callable[[Mapping[str, Any]], Kept], changed: Changed[Kept]) -> None:
        self._make = make
        self._changed = changed
        self._resources: dict[ResourceKey, Kept] = {}
        # An answer to a read or a write of ours may arrive after the news that the object is gone.
        self._gone: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[ResourceKey]:
        return iter(tuple(self._resources))

    def get(self, key: ResourceKey) -> Kept | None:
        """Return a resource as last seen."""
        return self._resources.get(key)

    def put(self, body: Mapping[str, Any]) -> None:
        """Take a resource that was added or changed, unless something newer is known of it, or that it is gone."""
        resource = self._make(body)
        known = self._resources.get(resource.key)
        if resource.owner_ref.uid in self._gone:
            return
        if known is not None and known.owner_ref != resource.owner_ref:
            self._bury(known.owner_ref.uid)
        elif known is not None:
            version, known_version = resource.metadata["resourceVersion"], known.metadata["resourceVersion"]
            if not newer(version, known_version):
                return
        resource = self._make(slim(body))
        self._resources[resource.key] = resource
        self._index(known, resource)
        self._changed(known, resource)

    def drop(self, key: ResourceKey, uid: str | None = None) -> None:
        """Take note that a resource is gone: the one of `uid`, if another has taken its place; else the known one."""
        known = self._resources.get(key)
        if uid is not None:
            self._bury(uid)
        if known is None or uid not in (None, known.owner_ref.uid):
            return
        self._bury(known.owner_ref.uid)
        del self._resources[key]
        self._index(known, None)
        self._changed(known, None)

    def unlike(self, listed: Mapping[ResourceKey, str]) -> list[ResourceKey]:
        """Return the keys that a list of all (key to resourceVersion) tells other things of than is known."""
        known = {key: resource.metadata["resourceVersion"] for key, resource in self._resources.items()}
        return [key for key in {*known, *listed} if known.get(key) != listed.get(key)]

    def _bury(self, uid: str) -> None:
        self._gone[uid] = None
        if len(self._gone) > REMEMBERED_DELETIONS:
            self._gone.popitem(last=False)

    def _index(self, before: Kept | None, after: Kept | None) -> None:
        """Keep what else the resource is found by."""


class SiteStore(ResourceStore[SiteObject]):
    """The EdgeSites."""

    def __init__(self, changed: Changed[SiteObject]) -> None:
        super().__init__(SiteObject, changed)


class DeviceStore(ResourceStore[DeviceObject]):
    """The EdgeDevices, found by their site and by their identifier as well."""

    def __init__(self, changed: Changed[DeviceObject]) -> None:
        super().__init__(DeviceObject, changed)
        self._of_site: dict[ResourceKey, dict[ResourceKey, DeviceObject]] = {}
        self._of_id: dict[tuple[ResourceKey, str], dict[ResourceKey, DeviceObject]] = {}
        self._of_secret: dict[ResourceKey, dict[ResourceKey, DeviceObject]] = {}

    def of_site(self, site: ResourceKey) -> tuple[DeviceObject, ...]:
        """Return the devices that name the site, in no order."""
        return tuple(self._of_site.get(site, {}).values())

    def of_id(self, site: ResourceKey, device_id: str) -> tuple[DeviceObject, ...]:
        """Return the devices of the site that claim the identifier, the eldest first."""
        return tuple(sorted(self._of_id.get((site, device_id), {}).values(), key=lambda each: each.seniority))

    def of_secret(self, secret: ResourceKey) -> tuple[DeviceObject, ...]:
        """Return the devices whose password is the user's own, in that Secret."""
        return tuple(self._of_secret.get(secret, {}).values())

    def holders(self, site: ResourceKey) -> tuple[DeviceObject, ...]:
        """Return the devices of the site that hold their identifier, by identifier: of two the elder."""
        ids = sorted({device.device_id for device in self.of_site(site)})
        return tuple(self.of_id(site, device_id)[0] for device_id in ids)

    def _index(self, before: DeviceObject | None, after: DeviceObject | None) -> None:
        if before is not None:
            _remove(self._of_site, before.site, before.key)
            _remove(self._of_id, (before.site, before.device_id), before.key)
            if before.own_secret is not None:
                _remove(self._of_secret, before.own_secret, before.key)
        if after is not None:
            self._of_site.setdefault(after.site, {})[after.key] = after
            self._of_id.setdefault((after.site, after.device_id), {})[after.key] = after
            if after.own_secret is not None:
                self._of_secret.setdefault(after.own_secret, {})[after.key] = after


Found = TypeVar("Found")


def _remove(index: dict[Found, dict[ResourceKey, DeviceObject]], under: Found, key: ResourceKey) -> None:
    found = index[under]
    del found[key]
    if not found:
        del index[under]
