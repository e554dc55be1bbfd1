"""The custom resources as last seen."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from .child_cache import MAX_TOMBSTONES, ResourceKey, newer
from .compact import compact
from .resource import CachedDevice, CachedSite, Resource

ResourceT = TypeVar("ResourceT", bound=Resource)
OnChange = Callable[[ResourceT | None, ResourceT | None], None]
"""Called with a resource as it was and as it is; None before it was there, and once it is gone."""


class ResourceCache(Generic[ResourceT]):
    """Takes the events of one kind of resource and tells what has changed.

    Args:
        make: makes what is kept of an object.
        on_change: told of each that was added, changed or deleted.
    """

    def __init__(self, make: Callable[[Mapping[str, Any]], ResourceT], on_change: OnChange[ResourceT]) -> None:
        self._make = make
        self._on_change = on_change
        self._resources: dict[ResourceKey, ResourceT] = {}
        # An answer to a read or a write of ours may arrive after the news that the object is gone.
        self._tombstones: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[ResourceKey]:
        return iter(tuple(self._resources))

    def get(self, key: ResourceKey) -> ResourceT | None:
        """Return a resource as last seen."""
        return self._resources.get(key)

    def put(self, body: Mapping[str, Any]) -> None:
        """Take a resource that was added or changed, unless something newer is known of it, or that it is gone."""
        resource = self._make(body)
        known = self._resources.get(resource.key)
        if resource.owner_ref.uid in self._tombstones:
            return
        if known is not None and known.owner_ref != resource.owner_ref:
            self._add_tombstone(known.owner_ref.uid)
        elif known is not None:
            version, known_version = resource.metadata["resourceVersion"], known.metadata["resourceVersion"]
            if not newer(version, known_version):
                return
        resource = self._make(compact(body))
        self._resources[resource.key] = resource
        self._index(known, resource)
        self._on_change(known, resource)

    def delete(self, key: ResourceKey, uid: str | None = None) -> None:
        """Take note that a resource is gone: the one of `uid`, if another has taken its place; else the known one."""
        known = self._resources.get(key)
        if uid is not None:
            self._add_tombstone(uid)
        if known is None or uid not in (None, known.owner_ref.uid):
            return
        self._add_tombstone(known.owner_ref.uid)
        del self._resources[key]
        self._index(known, None)
        self._on_change(known, None)

    def stale_keys(self, listed: Mapping[ResourceKey, str]) -> list[ResourceKey]:
        """Return the keys that a list of all (key to resourceVersion) tells other things of than is known."""
        known = {key: resource.metadata["resourceVersion"] for key, resource in self._resources.items()}
        return [key for key in {*known, *listed} if known.get(key) != listed.get(key)]

    def _add_tombstone(self, uid: str) -> None:
        self._tombstones[uid] = None
        if len(self._tombstones) > MAX_TOMBSTONES:
            self._tombstones.popitem(last=False)

    def _index(self, before: ResourceT | None, after: ResourceT | None) -> None:
        """Keep what else the resource is found by."""


class SiteCache(ResourceCache[CachedSite]):
    """The EdgeSites."""

    def __init__(self, on_change: OnChange[CachedSite]) -> None:
        super().__init__(CachedSite, on_change)


class DeviceCache(ResourceCache[CachedDevice]):
    """The EdgeDevices, found by their site and by their identifier as well."""

    def __init__(self, on_change: OnChange[CachedDevice]) -> None:
        super().__init__(CachedDevice, on_change)
        self._by_site: dict[ResourceKey, dict[ResourceKey, CachedDevice]] = {}
        self._by_device_id: dict[tuple[ResourceKey, str], dict[ResourceKey, CachedDevice]] = {}
        self._by_secret: dict[ResourceKey, dict[ResourceKey, CachedDevice]] = {}

    def by_site(self, site: ResourceKey) -> tuple[CachedDevice, ...]:
        """Return the devices that name the site, in no order."""
        return tuple(self._by_site.get(site, {}).values())

    def by_device_id(self, site: ResourceKey, device_id: str) -> tuple[CachedDevice, ...]:
        """Return the devices of the site that claim the identifier, the eldest first."""
        return tuple(
            sorted(self._by_device_id.get((site, device_id), {}).values(), key=lambda each: each.creation_order)
        )

    def by_secret(self, secret: ResourceKey) -> tuple[CachedDevice, ...]:
        """Return the devices whose password is the user's own, in that Secret."""
        return tuple(self._by_secret.get(secret, {}).values())

    def id_owners(self, site: ResourceKey) -> tuple[CachedDevice, ...]:
        """Return the devices of the site that hold their identifier, by identifier: of two the elder."""
        ids = sorted({device.device_id for device in self.by_site(site)})
        return tuple(self.by_device_id(site, device_id)[0] for device_id in ids)

    def _index(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        if before is not None:
            _remove(self._by_site, before.site, before.key)
            _remove(self._by_device_id, (before.site, before.device_id), before.key)
            if before.user_secret is not None:
                _remove(self._by_secret, before.user_secret, before.key)
        if after is not None:
            self._by_site.setdefault(after.site, {})[after.key] = after
            self._by_device_id.setdefault((after.site, after.device_id), {})[after.key] = after
            if after.user_secret is not None:
                self._by_secret.setdefault(after.user_secret, {})[after.key] = after


Found = TypeVar("Found")


def _remove(index: dict[Found, dict[ResourceKey, CachedDevice]], under: Found, key: ResourceKey) -> None:
    found = index[under]
    del found[key]
    if not found:
        del index[under]
