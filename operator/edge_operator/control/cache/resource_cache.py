"""Caches of the custom resources."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from edge_operator.status.device import device_status_differs
from edge_operator.status.site import site_status_differs

from .child_cache import MAX_TOMBSTONES, ResourceKey, newer
from .compact import compact
from .own_writes import OwnWrites
from .resource import CachedDevice, CachedSite, Resource

ResourceT = TypeVar("ResourceT", bound=Resource)
OnChange = Callable[[ResourceT | None, ResourceT | None], None]
"""Called with a resource before and after a change; None before it was added, and after it was deleted."""


class ResourceCache(Generic[ResourceT]):
    """Stores the resources of one kind and reports changes.

    Args:
        make: creates the cached resource from the object.
        on_change: called for each resource that was added, changed or deleted.
        own_writes: the status writes of this process that are under way.

    Attributes:
        own_writes: the status writes of this process that are under way.
    """

    def __init__(
        self, make: Callable[[Mapping[str, Any]], ResourceT], on_change: OnChange[ResourceT], own_writes: OwnWrites
    ) -> None:
        self.own_writes = own_writes
        self._make = make
        self._on_change = on_change
        self._resources: dict[ResourceKey, ResourceT] = {}
        # The response to one of our reads or writes may arrive after the event of the object's deletion.
        self._tombstones: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[ResourceKey]:
        return iter(tuple(self._resources))

    def get(self, key: ResourceKey) -> ResourceT | None:
        """Return a resource, or None."""
        return self._resources.get(key)

    def put(self, body: Mapping[str, Any]) -> None:
        """Store a resource that was added or changed, unless the cache has a newer version or has seen its deletion."""
        given = Resource(body)
        known, uid = self._resources.get(given.key), given.metadata["uid"]
        if uid in self._tombstones:
            return
        if known is not None and known.owner_ref.uid != uid:
            self._add_tombstone(known.owner_ref.uid)
        elif known is not None and not newer(given.metadata["resourceVersion"], known.metadata["resourceVersion"]):
            return
        resource = self._make(compact(body))
        self._resources[resource.key] = resource
        self._index(known, resource)
        self._on_change(known, resource)

    def delete(self, key: ResourceKey, uid: str | None = None) -> None:
        """Remove a deleted resource: the one of `uid` if given, which another resource may have replaced already."""
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
        """Return the keys of resources that the cache has with another resourceVersion than a list of all."""
        known = {key: resource.metadata["resourceVersion"] for key, resource in self._resources.items()}
        return [key for key in {*known, *listed} if known.get(key) != listed.get(key)]

    def _add_tombstone(self, uid: str) -> None:
        self._tombstones[uid] = None
        if len(self._tombstones) > MAX_TOMBSTONES:
            self._tombstones.popitem(last=False)

    def _index(self, before: ResourceT | None, after: ResourceT | None) -> None:
        """Update the indexes of a subclass."""


class SiteCache(ResourceCache[CachedSite]):
    """Cache of the EdgeSites."""

    def __init__(self, on_change: OnChange[CachedSite]) -> None:
        super().__init__(CachedSite, on_change, OwnWrites(site_status_differs))


class DeviceCache(ResourceCache[CachedDevice]):
    """Cache of the EdgeDevices, also indexed by site, by identifier and by the user's Secret."""

    def __init__(self, on_change: OnChange[CachedDevice]) -> None:
        super().__init__(CachedDevice, on_change, OwnWrites(device_status_differs))
        self._by_site: dict[ResourceKey, dict[ResourceKey, CachedDevice]] = {}
        self._by_device_id: dict[tuple[ResourceKey, str], dict[ResourceKey, CachedDevice]] = {}
        self._by_secret: dict[ResourceKey, dict[ResourceKey, CachedDevice]] = {}

    def by_site(self, site: ResourceKey) -> tuple[CachedDevice, ...]:
        """Return the devices that reference the site, in no order."""
        return tuple(self._by_site.get(site, {}).values())

    def by_device_id(self, site: ResourceKey, device_id: str) -> tuple[CachedDevice, ...]:
        """Return the devices of the site that use the identifier, the oldest first."""
        return tuple(
            sorted(self._by_device_id.get((site, device_id), {}).values(), key=lambda each: each.creation_order)
        )

    def by_secret(self, secret: ResourceKey) -> tuple[CachedDevice, ...]:
        """Return the devices that have their password in the given Secret of the user."""
        return tuple(self._by_secret.get(secret, {}).values())

    def id_owners(self, site: ResourceKey) -> tuple[CachedDevice, ...]:
        """Return the devices that own their identifier, sorted by it: of two with the same identifier the older one."""
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
