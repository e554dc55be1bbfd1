"""The reconcile of one device's identity: gather, decide, act, say."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.report import NOT_OURS, Report
from edge_operator.control.apply.status_writer import StatusWriter
from edge_operator.control.cache.child_cache import DEVICE, ChildStore, ResourceKey
from edge_operator.control.cache.resource import DeviceObject, SiteObject
from edge_operator.control.cache.resource_cache import DeviceStore, SiteStore
from edge_operator.control.cache.user_passwords import OwnPasswords
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
    own_password_missing,
    own_password_unusable,
    secret_not_ours,
    site_not_found,
    site_not_reconciled,
    site_paused,
)

OVERTAKEN_SECONDS = 0.1

logger = logging.getLogger(__name__)


class DeviceReconciler:
    """Gives a device its login, and says so.

    Args:
        sites: the sites as last seen.
        devices: the devices as last seen.
        store: the Secrets as last seen.
        offers: what the sites offer.
        children: carries out.
        status: writes the status.
        rotations: which password each device has.
        own_passwords: those that users bring.
        look_at_site: has a site looked at, whose broker is to take another password.
    """

    def __init__(
        self,
        sites: SiteStore,
        devices: DeviceStore,
        store: ChildStore,
        offers: Offers,
        applier: Applier,
        status: StatusWriter,
        rotations: Rotations,
        own_passwords: OwnPasswords,
        look_at_site: Callable[[ResourceKey], None],
    ) -> None:
        self._sites = sites
        self._devices = devices
        self._store = store
        self._offers = offers
        self._applier = applier
        self._status = status
        self._rotations = rotations
        self._own_passwords = own_passwords
        self._look_at_site = look_at_site

    def forget(self, key: ResourceKey) -> None:
        """Forget a device that is gone: its Secret goes by garbage collection, its login with the site's next pass."""

    async def observe(self, device: DeviceObject) -> None:
        """Learn nothing: a device has no memory of its own."""

    async def reconcile(self, device: DeviceObject) -> float | None:
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

    async def _reconcile_in_site(self, device: DeviceObject, site: SiteObject, facts: DeviceFacts) -> float | None:
        if (problem := self._problem(device)) is not None:
            return await self._report_problem(device, facts, problem)
        if site.external_broker:
            return await self._delete_issued(device, site, replace(facts, managed_broker=False))
        if device.own_secret is not None:
            own = replace(facts, own_password=True, secret_name=device.own_secret[1])
            return await self._delete_issued(device, site, own)
        try:
            offer = await self._offers.to(device, site)
        except AuthorityUnusableError as error:
            return await self._report_problem(device, facts, error.problem)
        if offer is None:
            return await self._report_problem(device, facts, site_not_reconciled(device))
        return await self._issue(device, facts, offer, paused=site.paused)

    def _problem(self, device: DeviceObject) -> Problem | None:
        eldest = self._devices.of_id(device.site, device.device_id)[0]
        if eldest.key != device.key:
            return duplicate(device, eldest)
        if device.own_secret is None:
            return None
        own = self._own_passwords.get(device.own_secret)
        if own is None:
            return own_password_missing(device, device.own_secret)
        return own_password_unusable(device.own_secret) if own.password is None else None

    async def _report_problem(self, device: DeviceObject, facts: DeviceFacts, problem: Problem) -> float | None:
        return await self._write_status(device, replace(facts, problems=(problem,)), None)

    async def _issue(self, device: DeviceObject, facts: DeviceFacts, offer: Offer, *, paused: bool) -> float | None:
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

    def _requeue_at_switch(self, device: DeviceObject, report: Report) -> None:
        """Come back when the broker is to take the new password, and have the site looked at then."""
        if self._rotations.wanted(device).before is None:
            return
        if (remaining := self._rotations.remaining(device)) > 0:
            report.requeue(remaining)
        else:
            self._look_at_site(device.site)

    async def _apply(self, device: DeviceObject, objects: list[DesiredObject], *, paused: bool) -> Report:
        """Have the device own exactly `objects`; while its site is paused only say whether it does."""
        digests = [DesiredDigest(desired.key, desired.hash, desired.owned) for desired in objects]
        keys = {digest.key for digest in digests}
        surplus = [seen for seen in self._owned(device) if seen.key not in keys]
        if paused:
            kept = all(
                decide(digest, self._store.get(digest.key), device.owner_ref) is Action.NONE for digest in digests
            )
            return Report() if kept and not surplus else Report([site_paused(device)])
        report = await self._applier.apply_all(device, digests, lambda: objects)
        await self._applier.remove(device, surplus, report)
        return report

    async def _delete_issued(self, device: DeviceObject, site: SiteObject, facts: DeviceFacts) -> float | None:
        """Delete what was made for the device before its login came from somebody else."""
        report = await self._apply(device, [], paused=site.paused)
        told = replace(facts, problems=tuple(report.problems))
        return await self._write_status(device, told, report.requeue_after)

    def _owned(self, device: DeviceObject) -> list[Observed]:
        return [seen for seen in self._store.of(DEVICE, device.key) if is_unwanted(seen, device.owner_ref)]

    async def _write_status(self, device: DeviceObject, facts: DeviceFacts, again: float | None) -> float | None:
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
