"""What is known of the API server's objects, and which resources are to be looked at when it changes."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.cache.user_passwords import UserPasswords

from .work_queue import WorkQueue

BATCH_SECONDS = 0.5
"""So long a site waits for further changes of its devices: each is a new password file for its broker."""

NEW_BATCH_SECONDS = 2.0
"""So long where a device is new: thousands may be applied at once, and none of them is cut off by waiting."""


class EventHandler(Protocol):
    """Told of every change of the resources."""

    def site_changed(self, before: CachedSite | None, after: CachedSite | None) -> None:
        """Take note of a site that was added, changed or deleted."""
        ...

    def device_changed(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        """Take note of a device that was added, changed or deleted."""
        ...


class Informers:
    """The stores of everything that is watched, and the queues that their changes fill.

    Attributes:
        sites: the EdgeSites.
        devices: the EdgeDevices.
        children: what the operator makes of them.
        user_passwords: what users bring for their devices.
        site_queue: the sites to look at.
        device_queue: the devices to look at.
    """

    def __init__(self) -> None:
        self.site_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.device_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.sites = SiteCache(self._site_changed)
        self.devices = DeviceCache(self._device_changed)
        self.children = ChildCache(self._child_changed)
        self.user_passwords = UserPasswords(self._password_changed)
        self._handlers: list[EventHandler] = []

    def add_handler(self, handler: EventHandler) -> None:
        """Have a follower told of every change from now on."""
        self._handlers.append(handler)

    def enqueue_all(self) -> None:
        """Have every site and every device looked at."""
        for site in self.sites:
            self.site_queue.add(site)
        for device in self.devices:
            self.device_queue.add(device)

    def enqueue_devices(self, site: ResourceKey) -> None:
        """Have every device of a site looked at."""
        self._enqueue(self.devices.by_site(site))

    def enqueue_site_and_devices(self, site: ResourceKey) -> None:
        """Have a site looked at, and every device of it."""
        self.site_queue.add(site)
        self.enqueue_devices(site)

    def _enqueue(self, devices: Iterable[CachedDevice]) -> None:
        for device in devices:
            self.device_queue.add(device.key)

    def _site_changed(self, before: CachedSite | None, after: CachedSite | None) -> None:
        if (site := after or before) is None:
            return
        self.site_queue.add(site.key)
        for handler in self._handlers:
            handler.site_changed(before, after)
        if _site_fingerprint(before) != _site_fingerprint(after):
            self.enqueue_devices(site.key)

    def _device_changed(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        if (device := after or before) is None:
            return
        for handler in self._handlers:
            handler.device_changed(before, after)
        if _device_fingerprint(before) != _device_fingerprint(after):
            self.device_queue.add(device.key)
        if _login_fingerprint(before) == _login_fingerprint(after):
            return
        wait = NEW_BATCH_SECONDS if before is None else BATCH_SECONDS
        # A device that was made anew under its name may be of another site or identifier now.
        for each in (before, after):
            if each is not None:
                # Of two devices with one identifier the younger moves up when the elder goes.
                self._enqueue(self.devices.by_device_id(each.site, each.device_id))
                self.site_queue.add_after(each.site, wait)

    def _password_changed(self, secret: ResourceKey) -> None:
        for device in self.devices.by_secret(secret):
            self.device_queue.add(device.key)
            self.site_queue.add_after(device.site, BATCH_SECONDS)

    def _child_changed(self, kind: str, resource: ResourceKey) -> None:
        queue = self.site_queue if kind == SITE else self.device_queue
        queue.add(resource)


def _site_fingerprint(site: CachedSite | None) -> tuple[object, ...] | None:
    """Return what the devices of a site depend on."""
    if site is None:
        return None
    return site.owner_ref.uid, site.external_broker, site.user_tls_secret, site.paused, site.endpoints.get("mqtts")


def _device_fingerprint(device: CachedDevice | None) -> tuple[object, ...] | None:
    """Return what the reconcile of a device depends on: all but its life, which changes far more often."""
    if device is None:
        return None
    status: Mapping[str, Any] = device.status
    conditions = [each for each in status.get("conditions") or () if each["type"] != "Connected"]
    told = status.get("observedGeneration"), status.get("deviceId"), conditions
    return device.owner_ref, device.generation, device.spec, device.deleting, told


def _login_fingerprint(device: CachedDevice | None) -> tuple[object, ...] | None:
    """Return what the site of a device, and others of its identifier, depend on."""
    if device is None:
        return None
    return device.site, device.device_id, device.rotation, device.user_secret, device.logs_in, device.creation_order
