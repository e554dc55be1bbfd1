"""The lives of all devices: those of each site by the identifier that the wire knows, told by the object's name."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.site_broker.liveness_settings import DEFAULT_TIMERS, LivenessTimers
from edge_operator.status.connectivity import Life
from edge_operator.status.figures import DeviceFigures

from .clocks import Clocks
from .connectivity_snapshot import Wording
from .site_adapter import SiteLife


@dataclass(frozen=True, slots=True)
class _Teller:
    """What is told of one object, as long as it is the same object."""

    uid: str
    wording: Wording
    life: Life


class Fleet:
    """Follows the resources, and tells what is known of each device.

    Args:
        sites: the sites as last seen.
        devices: the devices as last seen.
        clocks: the time.
        timers: those of all sites alike.

    Attributes:
        phases: how many devices are told to be in each phase.
    """

    def __init__(
        self, sites: SiteCache, devices: DeviceCache, clocks: Clocks, timers: LivenessTimers = DEFAULT_TIMERS
    ) -> None:
        self.phases: Counter[str] = Counter()
        self._sites = sites
        self._devices = devices
        self._clocks = clocks
        self._timers = timers
        self._lives: dict[ResourceKey, tuple[str, SiteLife]] = {}
        self._holders: dict[tuple[ResourceKey, str], tuple[str, int]] = {}
        self._tellers: dict[ResourceKey, _Teller] = {}
        for site in sites:
            self.fit_site(site)
        for key in devices:
            self.look(key)

    def __iter__(self) -> Iterator[tuple[ResourceKey, SiteLife]]:
        """Yield each site with the lives of its devices."""
        return iter([(key, life) for key, (_, life) in self._lives.items()])

    def site(self, key: ResourceKey) -> SiteLife | None:
        """Return the lives of a site's devices; None where there is no such site."""
        found = self._lives.get(key)
        return None if found is None else found[1]

    def figures(self, key: ResourceKey) -> DeviceFigures | None:
        """Count the devices of a site; None where there is no such site."""
        site = self.site(key)
        if site is None:
            return None
        figures = site.figures()
        # Of two devices with one identifier the younger has no life of its own.
        twins = len(self._devices.by_site(key)) - figures.total
        return replace(figures, total=figures.total + twins, unknown=figures.unknown + twins)

    def holder(self, site: ResourceKey, device_id: str) -> CachedDevice | None:
        """Return the device that an identifier is: of two that claim it the elder."""
        claiming = self._devices.by_device_id(site, device_id)
        return claiming[0] if claiming else None

    def fit_site(self, key: ResourceKey) -> None:
        """Take over what a site's object says now, and what follows for its devices."""
        site, found = self._sites.get(key), self._lives.get(key)
        if found is not None and (site is None or site.owner_ref.uid != found[0]):
            del self._lives[key]
            found = None
            self._holders = {holder: what for holder, what in self._holders.items() if holder[0] != key}
        if site is None:
            return
        if found is None:
            self._lives[key] = site.owner_ref.uid, SiteLife(site, self._clocks, self._timers)
        elif not found[1].configure(site):
            return
        self._refit(site)

    def _refit(self, site: CachedSite) -> None:
        for device_id in {device.device_id for device in self._devices.by_site(site.key)}:
            self.fit(site.key, device_id, settings_changed=True)

    def fit(self, key: ResourceKey, device_id: str, *, settings_changed: bool = False) -> None:
        """Have an identifier of a site be the device that holds it now."""
        site, holder = self.site(key), self.holder(key, device_id)
        held = self._holders.get((key, device_id))
        if site is None:
            return
        if held is not None and (holder is None or holder.owner_ref.uid != held[0]):
            site.remove(device_id)
            del self._holders[key, device_id]
            held = None
        if holder is not None and (settings_changed or held is None or held[1] != holder.generation):
            site.put(holder)
            self._holders[key, device_id] = holder.owner_ref.uid, holder.generation

    def told(self, key: ResourceKey) -> Life | None:
        """Return what was told of a device last; None if nothing was."""
        teller = self._tellers.get(key)
        return None if teller is None else teller.life

    def look(self, key: ResourceKey) -> Life | None:
        """Return what is to be told of a device now; None where there is no such device."""
        device, teller = self._devices.get(key), self._tellers.get(key)
        if teller is not None:
            self.phases[teller.life.phase] -= 1
        if device is None:
            self._tellers.pop(key, None)
            return None
        site = self.site(device.site)
        holder = self.holder(device.site, device.device_id)
        known = site.known(device.device_id) if site is not None and holder is device else None
        if teller is None or teller.uid != device.owner_ref.uid:
            wording = Wording(device, known, self._clocks)
        else:
            wording = teller.wording
        life = wording.life(device, known)
        self._tellers[key] = _Teller(device.owner_ref.uid, wording, life)
        self.phases[life.phase] += 1
        return life
