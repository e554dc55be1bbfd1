"""Liveness of all devices, stored per site by device id, reported per EdgeDevice."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS, LivenessTimers
from edge_operator.status.connectivity import Connectivity
from edge_operator.status.device_counts import DeviceCounts

from .clocks import Clocks
from .connectivity_snapshot import ConnectivitySnapshot
from .site_adapter import SiteLivenessAdapter


@dataclass(frozen=True, slots=True)
class _Reported:
    """Connectivity that was reported of one EdgeDevice object."""

    uid: str
    snapshot: ConnectivitySnapshot
    connectivity: Connectivity


class DeviceIndex:
    """Follows changes of the resources and returns the liveness of each device.

    Args:
        sites: cache of the sites.
        devices: cache of the devices.
        clocks: both clocks.
        timers: timers that are the same for all sites.

    Attributes:
        phases: number of devices reported in each phase.
    """

    def __init__(
        self, sites: SiteCache, devices: DeviceCache, clocks: Clocks, timers: LivenessTimers = DEFAULT_TIMERS
    ) -> None:
        self.phases: Counter[str] = Counter()
        self._sites = sites
        self._devices = devices
        self._clocks = clocks
        self._timers = timers
        self._site_liveness: dict[ResourceKey, tuple[str, SiteLivenessAdapter]] = {}
        self._id_owners: dict[tuple[ResourceKey, str], tuple[str, int]] = {}
        self._reported: dict[ResourceKey, _Reported] = {}
        for site in sites:
            self.update_site(site)
        for key in devices:
            self.refresh(key)

    def __iter__(self) -> Iterator[tuple[ResourceKey, SiteLivenessAdapter]]:
        """Yield each site with the liveness of its devices."""
        return iter([(key, adapter) for key, (_, adapter) in self._site_liveness.items()])

    def site(self, key: ResourceKey) -> SiteLivenessAdapter | None:
        """Return the liveness of a site's devices; None if there is no such site."""
        found = self._site_liveness.get(key)
        return None if found is None else found[1]

    def counts(self, key: ResourceKey) -> DeviceCounts | None:
        """Return the device counts of a site; None if there is no such site."""
        site = self.site(key)
        if site is None:
            return None
        counts = site.counts()
        # Of two devices with one identifier the younger is not in the state machine.
        twins = len(self._devices.by_site(key)) - counts.total
        return replace(counts, total=counts.total + twins, unknown=counts.unknown + twins)

    def id_owner(self, site: ResourceKey, device_id: str) -> CachedDevice | None:
        """Return the device that owns an identifier: of two that use it the older one."""
        claiming = self._devices.by_device_id(site, device_id)
        return claiming[0] if claiming else None

    def update_site(self, key: ResourceKey) -> None:
        """Apply changes of a site's object to its devices."""
        site, found = self._sites.get(key), self._site_liveness.get(key)
        if found is not None and (site is None or site.owner_ref.uid != found[0]):
            del self._site_liveness[key]
            found = None
            self._id_owners = {id_owner: what for id_owner, what in self._id_owners.items() if id_owner[0] != key}
        if site is None:
            return
        if found is None:
            self._site_liveness[key] = site.owner_ref.uid, SiteLivenessAdapter(site, self._clocks, self._timers)
        elif not found[1].configure(site):
            return
        self._update_devices(site)

    def _update_devices(self, site: CachedSite) -> None:
        for device_id in {device.device_id for device in self._devices.by_site(site.key)}:
            self.update_id_owner(site.key, device_id, settings_changed=True)

    def update_id_owner(self, key: ResourceKey, device_id: str, *, settings_changed: bool = False) -> None:
        """Apply a change of the owner of an identifier, or of its settings."""
        site, id_owner = self.site(key), self.id_owner(key, device_id)
        recorded = self._id_owners.get((key, device_id))
        if site is None:
            return
        if recorded is not None and (id_owner is None or id_owner.owner_ref.uid != recorded[0]):
            site.remove(device_id)
            del self._id_owners[key, device_id]
            recorded = None
        if id_owner is not None and (settings_changed or recorded is None or recorded[1] != id_owner.generation):
            site.put(id_owner)
            self._id_owners[key, device_id] = id_owner.owner_ref.uid, id_owner.generation

    def last_reported(self, key: ResourceKey) -> Connectivity | None:
        """Return what was last reported of a device, or None."""
        reported = self._reported.get(key)
        return None if reported is None else reported.connectivity

    def refresh(self, key: ResourceKey) -> Connectivity | None:
        """Return what to report of a device now; None if there is no such device."""
        device, reported = self._devices.get(key), self._reported.get(key)
        if reported is not None:
            self.phases[reported.connectivity.phase] -= 1
        if device is None:
            self._reported.pop(key, None)
            return None
        site = self.site(device.site)
        id_owner = self.id_owner(device.site, device.device_id)
        known = site.known(device.device_id) if site is not None and id_owner is device else None
        if reported is None or reported.uid != device.owner_ref.uid:
            snapshot = ConnectivitySnapshot(device, known, self._clocks)
        else:
            snapshot = reported.snapshot
        connectivity = snapshot.render(device, known)
        self._reported[key] = _Reported(device.owner_ref.uid, snapshot, connectivity)
        self.phases[connectivity.phase] += 1
        return connectivity
