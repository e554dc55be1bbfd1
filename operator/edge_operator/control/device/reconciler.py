"""The reconcile of one device's identity: gather, decide, act, say."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import NOT_OURS, Report
from edge_operator.control.apply.status_writer import StatusWriter
from edge_operator.control.cache.child_cache import DEVICE, ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.cache.user_passwords import UserPasswords
from edge_operator.control.credentials.ca_bundle_problems import AuthorityUnusableError
from edge_operator.control.credentials.connection_info import Offer, Offers
from edge_operator.control.credentials.device_rotations import Rotations
from edge_operator.control.diff.action import Action, DesiredDigest, decide, is_unwanted
from edge_operator.control.diff.desired_object import DesiredObject, desired_object
from edge_operator.control.diff.observed import Observed
from edge_operator.desired.inputs import Device, DeviceLogin
from edge_operator.desired.secret.device import device_secret
from edge_operator.status.device import DeviceFacts, device_update
from edge_operator.status.facts import Problem

from .problems import (
    duplicate,
    secret_not_ours,
    site_not_found,
    site_not_reconciled,
    site_paused,
    user_password_missing,
    user_password_unusable,
)

OVERTAKEN_SECONDS = 0.1

logger = logging.getLogger(__name__)


class DeviceReconciler:
    """Gives a device its login, and says so.

    Args:
        sites: the sites as last seen.
        devices: the devices as last seen.
        children: the Secrets as last seen.
        offers: what the sites offer.
        children: carries out.
        status: writes the status.
        rotations: which password each device has.
        user_passwords: those that users bring.
        enqueue_site: has a site looked at, whose broker is to take another password.
    """

    def __init__(
        self,
        sites: SiteCache,
        devices: DeviceCache,
        children: ChildCache,
        offers: Offers,
        applier: Applier,
        status: StatusWriter,
        rotations: Rotations,
        user_passwords: UserPasswords,
        enqueue_site: Callable[[ResourceKey], None],
    ) -> None:
        self._sites = sites
        self._devices = devices
        self._children = children
        self._offers = offers
        self._applier = applier
        self._status = status
        self._rotations = rotations
        self._user_passwords = user_passwords
        self._enqueue_site = enqueue_site

    def remove(self, key: ResourceKey) -> None:
        """Forget a device that is gone: its Secret goes by garbage collection, its login with the site's next pass."""

    async def observe(self, device: CachedDevice) -> None:
        """Learn nothing: a device has no memory of its own."""

    async def reconcile(self, device: CachedDevice) -> float | None:
        """Make one pass; return the seconds until another is needed, None if events will tell.

        Raises:
            UnreachableError: the API server did not answer.
            ApiError: it failed in a way that may pass.
            NotLeaderError: the lease is not ours.
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
            offer = await self._offers.to(device, site)
        except AuthorityUnusableError as error:
            return await self._report_problem(device, facts, error.problem)
        if offer is None:
            return await self._report_problem(device, facts, site_not_reconciled(device))
        return await self._issue(device, facts, offer, paused=site.paused)

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

    async def _issue(self, device: CachedDevice, facts: DeviceFacts, offer: Offer, *, paused: bool) -> float | None:
        namespace, name = device.key
        described = Device(
            name=name,
            namespace=namespace,
            uid=device.owner_ref.uid,
            site=device.site[1],
            login=DeviceLogin(device.device_id, device.rotation),
            secret_name=device.secret_name,
            annotations=self._rotations.wanted(device).annotations(),
            host=offer.address.host,
            port=offer.address.port,
            authority=offer.authority,
            root=offer.root,
        )
        report = await self._apply(device, [desired_object(device_secret(described))], paused=paused)
        self._requeue_at_switch(device, report)
        told = replace(
            facts,
            secret_name=device.secret_name,
            host=offer.address.host,
            in_cluster_only=offer.address.in_cluster_only,
            terminating=tuple(report.terminating),
            problems=tuple(secret_not_ours(each) if each.reason == NOT_OURS else each for each in report.problems),
        )
        return await self._write_status(device, told, report.requeue_after)

    def _requeue_at_switch(self, device: CachedDevice, report: Report) -> None:
        """Come back when the broker is to take the new password, and have the site looked at then."""
        if self._rotations.wanted(device).before is None:
            return
        if (remaining := self._rotations.remaining(device)) > 0:
            report.requeue(remaining)
        else:
            self._enqueue_site(device.site)

    async def _apply(self, device: CachedDevice, objects: list[DesiredObject], *, paused: bool) -> Report:
        """Have the device own exactly `objects`; while its site is paused only say whether it does."""
        digests = [DesiredDigest(desired.key, desired.hash, desired.owned) for desired in objects]
        keys = {digest.key for digest in digests}
        surplus = [seen for seen in self._owned(device) if seen.key not in keys]
        if paused:
            kept = all(
                decide(digest, self._children.get(digest.key), device.owner_ref) is Action.NONE for digest in digests
            )
            return Report() if kept and not surplus else Report([site_paused(device)])
        report = await self._applier.apply_all(device, digests, lambda: objects)
        await self._applier.remove(device, surplus, report)
        return report

    async def _delete_issued(self, device: CachedDevice, site: CachedSite, facts: DeviceFacts) -> float | None:
        """Delete what was made for the device before its login came from somebody else."""
        report = await self._apply(device, [], paused=site.paused)
        told = replace(facts, problems=tuple(report.problems))
        return await self._write_status(device, told, report.requeue_after)

    def _owned(self, device: CachedDevice) -> list[Observed]:
        return [seen for seen in self._children.owned_by(DEVICE, device.key) if is_unwanted(seen, device.owner_ref)]

    async def _write_status(self, device: CachedDevice, facts: DeviceFacts, again: float | None) -> float | None:
        try:
            if not await self._status.write(device, partial(device_update, facts)):
                # What its life is has been written meanwhile, which is no reason to look at it: only this is.
                return OVERTAKEN_SECONDS
        except ApiError as error:
            if not error.namespace_terminating:
                raise
            logger.debug("%s: its namespace is being deleted: %s", device, error)
            return None
        return again
