"""What is known of the API server's objects, and which resources are to be looked at when it changes."""

from collections.abc import Iterable

from .queue import WorkQueue
from .resource import DeviceObject, SiteObject
from .resources import DeviceStore, SiteStore
from .store import SITE, ChildStore, ResourceKey

BATCH_SECONDS = 0.5
"""So long a site waits for further changes of its devices: each is a new password file for its broker."""


class Knowledge:
    """The stores of everything that is watched, and the queues that their changes fill.

    Attributes:
        sites: the EdgeSites.
        devices: the EdgeDevices.
        children: what the operator makes of them.
        site_queue: the sites to look at.
        device_queue: the devices to look at.
    """

    def __init__(self) -> None:
        self.site_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.device_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.sites = SiteStore(self._site_changed)
        self.devices = DeviceStore(self._device_changed)
        self.children = ChildStore(self._child_changed)

    def look_at_all(self) -> None:
        """Have every site and every device looked at."""
        for site in self.sites:
            self.site_queue.add(site)
        for device in self.devices:
            self.device_queue.add(device)

    def look_at_devices_of(self, site: ResourceKey) -> None:
        """Have every device of a site looked at."""
        self._look_at(self.devices.of_site(site))

    def _look_at(self, devices: Iterable[DeviceObject]) -> None:
        for device in devices:
            self.device_queue.add(device.key)

    def _site_changed(self, before: SiteObject | None, after: SiteObject | None) -> None:
        if (site := after or before) is None:
            return
        self.site_queue.add(site.key)
        if _offer(before) != _offer(after):
            self.look_at_devices_of(site.key)

    def _device_changed(self, before: DeviceObject | None, after: DeviceObject | None) -> None:
        if (device := after or before) is None:
            return
        self.device_queue.add(device.key)
        if _login(before) == _login(after):
            return
        # A device that was made anew under its name may be of another site or identifier now.
        for each in (before, after):
            if each is not None:
                # Of two devices with one identifier the younger moves up when the elder goes.
                self._look_at(self.devices.of_id(each.site, each.device_id))
                self.site_queue.add_after(each.site, BATCH_SECONDS)

    def _child_changed(self, kind: str, resource: ResourceKey) -> None:
        queue = self.site_queue if kind == SITE else self.device_queue
        queue.add(resource)


def _offer(site: SiteObject | None) -> tuple[object, ...] | None:
    """Return what the devices of a site depend on."""
    if site is None:
        return None
    return site.claim.uid, site.external_broker, site.endpoints.get("mqtt")


def _login(device: DeviceObject | None) -> tuple[object, ...] | None:
    """Return what the site of a device, and others of its identifier, depend on."""
    if device is None:
        return None
    return device.site, device.device_id, device.rotation, device.logs_in, device.seniority
