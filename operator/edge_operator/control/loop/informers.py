"""Caches of the API server's objects, and the resources that each change enqueues."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from edge_operator.api.conditions import find_condition
from edge_operator.control.cache.child_cache import SITE, ChildCache, ResourceKey
from edge_operator.control.cache.pod_problems import PodProblems
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.cache.user_passwords import UserPasswords

from .work_queue import WorkQueue

BATCH_SECONDS = 0.5
"""Debounce for device changes, in seconds: each batch rewrites the broker's password file."""

NEW_BATCH_SECONDS = 2.0
"""Debounce if a device is new: thousands may be applied at once, and the delay disconnects none of them."""


class EventHandler(Protocol):
    """Called for every change of the resources."""

    def site_changed(self, before: CachedSite | None, after: CachedSite | None) -> None:
        """Handle a site that was added, changed or deleted."""
        ...

    def device_changed(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        """Handle a device that was added, changed or deleted."""
        ...


class Informers:
    """Caches of everything that is watched, and the queues that their changes fill.

    Args:
        wall_clock: current time.

    Attributes:
        sites: the EdgeSites.
        devices: the EdgeDevices.
        children: the objects that the operator creates for them.
        user_passwords: passwords that users provide for their devices.
        pods: why pods of the sites do not run.
        site_queue: keys of the sites to reconcile.
        device_queue: keys of the devices to reconcile.
    """

    def __init__(self, wall_clock: Callable[[], dt.datetime]) -> None:
        self.site_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.device_queue: WorkQueue[ResourceKey] = WorkQueue()
        self.sites = SiteCache(self._site_changed)
        self.devices = DeviceCache(self._device_changed)
        self.children = ChildCache(self._child_changed)
        self.user_passwords = UserPasswords(self._password_changed)
        self.pods = PodProblems(self.site_queue.add_after, wall_clock)
        self._handlers: list[EventHandler] = []

    def add_handler(self, handler: EventHandler) -> None:
        """Call a handler for every change from now on."""
        self._handlers.append(handler)

    def enqueue_all(self) -> None:
        """Enqueue every site and every device."""
        for site in self.sites:
            self.site_queue.add(site)
        for device in self.devices:
            self.device_queue.add(device)

    def enqueue_devices(self, site: ResourceKey) -> None:
        """Enqueue every device of a site."""
        self._enqueue(self.devices.by_site(site))

    def enqueue_site_and_devices(self, site: ResourceKey) -> None:
        """Enqueue a site and every device of it."""
        self.site_queue.add(site)
        self.enqueue_devices(site)

    def _enqueue(self, devices: Iterable[CachedDevice]) -> None:
        for device in devices:
            self.device_queue.add(device.key)

    def _site_changed(self, before: CachedSite | None, after: CachedSite | None) -> None:
        if (site := after or before) is None:
            return
        own = after is not None and self.sites.own_writes.made(after.key, after.status)
        if _site_fingerprint(before, own=own) != _site_fingerprint(after, own=own):
            self.site_queue.add(site.key)
        for handler in self._handlers:
            handler.site_changed(before, after)
        if _connection_fingerprint(before) != _connection_fingerprint(after):
            self.enqueue_devices(site.key)

    def _device_changed(self, before: CachedDevice | None, after: CachedDevice | None) -> None:
        if (device := after or before) is None:
            return
        for handler in self._handlers:
            handler.device_changed(before, after)
        own = after is not None and self.devices.own_writes.made(after.key, after.status)
        if _device_fingerprint(before, own=own) != _device_fingerprint(after, own=own):
            self.device_queue.add(device.key)
        if _login_fingerprint(before) == _login_fingerprint(after):
            return
        wait = NEW_BATCH_SECONDS if before is None else BATCH_SECONDS
        # A device that was deleted and created again may reference another site or identifier now.
        for each in (before, after):
            if each is not None:
                # If the older of two devices with one identifier is deleted, the younger one owns it.
                self._enqueue(self.devices.by_device_id(each.site, each.device_id))
                self.site_queue.add_after(each.site, wait)

    def _password_changed(self, secret: ResourceKey) -> None:
        for device in self.devices.by_secret(secret):
            self.device_queue.add(device.key)
            self.site_queue.add_after(device.site, BATCH_SECONDS)

    def _child_changed(self, kind: str, resource: ResourceKey) -> None:
        queue = self.site_queue if kind == SITE else self.device_queue
        queue.add(resource)


def _site_fingerprint(site: CachedSite | None, *, own: bool) -> tuple[object, ...] | None:
    """Return the values that the reconcile of a site depends on: without its status if this process has written it."""
    if site is None:
        return None
    return site.owner_ref, site.generation, site.deleting, None if own else site.status


def _connection_fingerprint(site: CachedSite | None) -> tuple[object, ...] | None:
    """Return the values of a site that its devices depend on."""
    if site is None:
        return None
    url = site.endpoints.get("mqtts")
    # Devices of a site without an address show its problem.
    unready = None if url else find_condition(site.status, "Ready").get("reason")
    addresses = url, site.endpoints.get("https")
    return site.owner_ref.uid, site.external_broker, site.user_tls_secret, site.paused, addresses, unready


def _device_fingerprint(device: CachedDevice | None, *, own: bool) -> tuple[object, ...] | None:
    """Return the values that the reconcile of a device depends on.

    These are all but its liveness, which changes often, and without its status if this process has written it.
    """
    if device is None:
        return None
    status: Mapping[str, Any] = device.status
    conditions = [each for each in status.get("conditions") or () if each["type"] != "Connected"]
    reported = status.get("observedGeneration"), status.get("deviceId"), conditions
    return device.owner_ref, device.generation, device.deleting, None if own else reported


def _login_fingerprint(device: CachedDevice | None) -> tuple[object, ...] | None:
    """Return the values of a device that its site, and other devices with its identifier, depend on."""
    if device is None:
        return None
    return device.site, device.device_id, device.rotation, device.user_secret, device.logs_in, device.creation_order
