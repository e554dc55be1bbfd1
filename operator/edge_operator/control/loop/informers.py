"""What is known of the API server's objects, and which resources are to be looked at when it changes."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from edge_operator.control.cache.child_cache import SITE, ChildStore, ResourceKey
from edge_operator.control.cache.resource import DeviceObject, SiteObject
from edge_operator.control.cache.resource_cache import DeviceStore, SiteStore
from edge_operator.control.cache.user_passwords import OwnPasswords

from .work_queue import WorkQueue

BATCH_SECONDS = 0.5
"""So long a site waits for further changes of its devices: each is a new password file for its broker."""

NEW_BATCH_SECONDS = 2.0
"""So long where a device is new: thousands may be applied at once, and none of them is cut off by waiting."""


class Follower(Protocol):
    """Told of every change of the resources."""

    def site_changed(self, before: SiteObject | None, after: SiteObject | None) -> None:
        """Take note of a site that was added, changed or deleted."""
        ...

    def device_changed(self, before: DeviceObject | None, after: DeviceObject | None) -> None:
        """Take note of a device that was added, changed or deleted."""
        ...


class Knowledge:
    """The stores of everything that is watched, and the queues that their changes fill.

    Attributes:
        sites: the EdgeSites.
        devices: the EdgeDevices.
        children: what the operator makes of them.
        own_passwords: what users bring for their devices.
        site_queue: the sites to look at.
        device_queue: the devices to look at.
    """

    def __init__(self) -> None:
        self.site_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.device_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.sites = SiteStore(self._site_changed)
        self.devices = DeviceStore(self._device_changed)
        self.children = ChildStore(self._child_changed)
        self.own_passwords = OwnPasswords(self._password_changed)
        self._followers: list[Follower] = []

    def tell(self, follower: Follower) -> None:
        """Have a follower told of every change from now on."""
        self._followers.append(follower)

    def look_at_all(self) -> None:
        """Have every site and every device looked at."""
        for site in self.sites:
            self.site_queue.add(site)
        for device in self.devices:
            self.device_queue.add(device)

    def look_at_devices_of(self, site: ResourceKey) -> None:
        """Have every device of a site looked at."""
        self._look_at(self.devices.of_site(site))

    def look_at_site_and_devices_of(self, site: ResourceKey) -> None:
        """Have a site looked at, and every device of it."""
        self.site_queue.add(site)
        self.look_at_devices_of(site)

    def _look_at(self, devices: Iterable[DeviceObject]) -> None:
        for device in devices:
            self.device_queue.add(device.key)

    def _site_changed(self, before: SiteObject | None, after: SiteObject | None) -> None:
        if (site := after or before) is None:
            return
        self.site_queue.add(site.key)
        for follower in self._followers:
            follower.site_changed(before, after)
        if _offer(before) != _offer(after):
            self.look_at_devices_of(site.key)

    def _device_changed(self, before: DeviceObject | None, after: DeviceObject | None) -> None:
        if (device := after or before) is None:
            return
        for follower in self._followers:
            follower.device_changed(before, after)
        if _concern(before) != _concern(after):
            self.device_queue.add(device.key)
        if _login(before) == _login(after):
            return
        wait = NEW_BATCH_SECONDS if before is None else BATCH_SECONDS
        # A device that was made anew under its name may be of another site or identifier now.
        for each in (before, after):
            if each is not None:
                # Of two devices with one identifier the younger moves up when the elder goes.
                self._look_at(self.devices.of_id(each.site, each.device_id))
                self.site_queue.add_after(each.site, wait)

    def _password_changed(self, secret: ResourceKey) -> None:
        for device in self.devices.of_secret(secret):
            self.device_queue.add(device.key)
            self.site_queue.add_after(device.site, BATCH_SECONDS)

    def _child_changed(self, kind: str, resource: ResourceKey) -> None:
        queue = self.site_queue if kind == SITE else self.device_queue
        queue.add(resource)


def _offer(site: SiteObject | None) -> tuple[object, ...] | None:
    """Return what the devices of a site depend on."""
    if site is None:
        return None
    return site.owner_ref.uid, site.external_broker, site.own_tls, site.paused, site.endpoints.get("mqtts")


def _concern(device: DeviceObject | None) -> tuple[object, ...] | None:
    """Return what the reconcile of a device depends on: all but its life, which changes far more often."""
    if device is None:
        return None
    status: Mapping[str, Any] = device.status
    conditions = [each for each in status.get("conditions") or () if each["type"] != "Connected"]
    told = status.get("observedGeneration"), status.get("deviceId"), conditions
    return device.owner_ref, device.generation, device.spec, device.deleting, told


def _login(device: DeviceObject | None) -> tuple[object, ...] | None:
    """Return what the site of a device, and others of its identifier, depend on."""
    if device is None:
        return None
    return device.site, device.device_id, device.rotation, device.own_secret, device.logs_in, device.seniority
