"""Reconciles the credentials of one device: check its site, apply its Secret, write its status."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import Report, soonest
from edge_operator.control.apply.status_writer import OVERTAKEN_SECONDS, StatusWriter
from edge_operator.control.cache.child_cache import DEVICE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.cache.user_passwords import UserPasswords
from edge_operator.control.credentials.ca_bundle_problems import CaBundleUnusableError
from edge_operator.control.credentials.connection_info import ConnectionInfo, ConnectionInfoSource
from edge_operator.control.credentials.device_rotations import DeviceRotations, PasswordWindow
from edge_operator.control.diff.action import Action, DesiredDigest, decide, is_unwanted
from edge_operator.control.diff.desired_object import DesiredObject, desired_object
from edge_operator.control.diff.observed import Observed
from edge_operator.desired.inputs import DeviceInput, DeviceLogin
from edge_operator.desired.secret.device import device_secret
from edge_operator.status.device import DeviceFacts, device_update
from edge_operator.status.events import device_events
from edge_operator.status.facts import Problem

from .problems import (
    duplicate,
    site_not_found,
    site_not_reconciled,
    site_paused,
    user_password_missing,
    user_password_unusable,
)

logger = logging.getLogger(__name__)


class DeviceReconciler:
    """Creates the Secret with a device's login and writes its status.

    Args:
        sites: cache of the sites.
        devices: cache of the devices.
        children: cache of the Secrets.
        connection_info: what the devices of a site need in order to connect.
        applier: applies and deletes objects.
        status: writes the status.
        rotations: the password of each device.
        user_passwords: passwords that users provide.
        enqueue_site: enqueues a site, so that its broker gets the new password.
    """

    def __init__(
        self,
        sites: SiteCache,
        devices: DeviceCache,
        children: ChildCache,
        connection_info: ConnectionInfoSource,
        applier: Applier,
        status: StatusWriter,
        rotations: DeviceRotations,
        user_passwords: UserPasswords,
        enqueue_site: Callable[[ResourceKey], None],
    ) -> None:
        self._sites = sites
        self._devices = devices
        self._children = children
        self._connection_info = connection_info
        self._applier = applier
        self._status = status
        self._rotations = rotations
        self._user_passwords = user_passwords
        self._enqueue_site = enqueue_site

    def remove(self, key: ResourceKey) -> None:
        """Do nothing: the Secret is garbage collected, and the next reconcile of the site removes the login."""

    async def observe(self, device: CachedDevice) -> None:
        """Do nothing: a standby needs nothing of a device."""

    async def reconcile(self, device: CachedDevice) -> float | None:
        """Reconcile once; return the seconds until the next reconcile, None if events will trigger it.

        Raises:
            UnreachableError: the API server did not respond.
            ApiError: the API server failed in a way that may be temporary.
            NotLeaderError: this process does not hold the lease.
        """
        if device.deleting:
            return None
        facts = DeviceFacts(device.generation, device.device_id)
        site = self._sites.get(device.site)
        if site is None:
            return await self._report_problem(device, facts, site_not_found(device))
        return await self._reconcile_in_site(device, site, facts)

    async def _reconcile_in_site(self, device: CachedDevice, site: CachedSite, facts: DeviceFacts) -> float | None:
        if (problem := self._problem(device)) is not None:
            return await self._report_problem(device, facts, problem)
        if site.external_broker:
            return await self._delete_issued(device, site, replace(facts, managed_broker=False))
        if device.user_secret is not None:
            own = replace(facts, user_password=True, secret_name=device.user_secret[1])
            return await self._delete_issued(device, site, own)
        try:
            info = await self._connection_info.for_device(device, site)
        except CaBundleUnusableError as error:
            return await self._report_problem(device, facts, error.problem)
        if info is None:
            return await self._report_problem(device, facts, site_not_reconciled(site))
        return await self._issue(device, facts, info, paused=site.paused)

    def _problem(self, device: CachedDevice) -> Problem | None:
        eldest = self._devices.by_device_id(device.site, device.device_id)[0]
        if eldest.key != device.key:
            return duplicate(device, eldest)
        if device.user_secret is None:
            return None
        own = self._user_passwords.get(device.user_secret)
        if own is None:
            return user_password_missing(device, device.user_secret)
        return user_password_unusable(device.user_secret) if own.password is None else None

    async def _report_problem(self, device: CachedDevice, facts: DeviceFacts, problem: Problem) -> float | None:
        return await self._write_status(device, replace(facts, problems=(problem,)), None)

    async def _issue(
        self, device: CachedDevice, facts: DeviceFacts, info: ConnectionInfo, *, paused: bool
    ) -> float | None:
        namespace, name = device.key
        window = self._rotations.window(device)
        described = DeviceInput(
            name=name,
            namespace=namespace,
            uid=device.owner_ref.uid,
            site=device.site[1],
            login=DeviceLogin(device.device_id, window.in_effect),
            next_rotation=window.next_rotation,
            switch_time=window.switch_time,
            secret_name=device.secret_name,
            annotations=window.rotation.annotations(),
            host=info.address.host,
            port=info.address.port,
            authority=info.authority,
            root=info.root,
            https=info.address.https,
        )
        report = await self._apply(device, [desired_object(device_secret(described))], paused=paused)
        updated = replace(
            facts,
            secret_name=device.secret_name,
            switch_time=window.switch_time,
            host=info.address.host,
            in_cluster_only=info.address.in_cluster_only,
            terminating=report.terminating,
            problems=report.problems,
        )
        return await self._write_status(device, updated, soonest(report.requeue_after, self._switch(device, window)))

    def _switch(self, device: CachedDevice, window: PasswordWindow) -> float | None:
        """Enqueue the site if its broker must accept the new password now; return the seconds until then, or None."""
        if window.rotation.before is not None and not window.remaining_seconds:
            self._enqueue_site(device.site)
        return window.remaining_seconds or None

    async def _apply(self, device: CachedDevice, objects: list[DesiredObject], *, paused: bool) -> Report:
        """Make the device own exactly `objects`; while its site is paused only report whether it does."""
        digests = [DesiredDigest(desired.key, desired.hash, desired.owned) for desired in objects]
        keys = {digest.key for digest in digests}
        surplus = [seen for seen in self._owned(device) if seen.key not in keys]
        if paused:
            actions = {decide(digest, self._children.get(digest.key), device.owner_ref) for digest in digests}
            return Report() if actions <= {Action.NONE} and not surplus else Report((site_paused(device),))
        report = await self._applier.apply_all(device, digests, lambda: objects)
        return report + await self._applier.remove(device, surplus)

    async def _delete_issued(self, device: CachedDevice, site: CachedSite, facts: DeviceFacts) -> float | None:
        """Delete the Secret that the operator created before somebody else provided the login."""
        report = await self._apply(device, [], paused=site.paused)
        return await self._write_status(device, replace(facts, problems=report.problems), report.requeue_after)

    def _owned(self, device: CachedDevice) -> list[Observed]:
        return [seen for seen in self._children.owned_by(DEVICE, device.key) if is_unwanted(seen, device.owner_ref)]

    async def _write_status(self, device: CachedDevice, facts: DeviceFacts, again: float | None) -> float | None:
        try:
            if not await self._status.write(device, partial(device_update, facts), device_events):
                # The liveness writer changed the status, which does not requeue the device: do it here.
                return OVERTAKEN_SECONDS
        except ApiError as error:
            if not error.namespace_terminating:
                raise
            logger.debug("%s: its namespace is being deleted: %s", device, error)
            return None
        return again
