"""The reconcile of one device's identity: gather, decide, act, say."""

import logging
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from edge_operator.cluster.errors import ApiError
from edge_operator.desired.inputs import Device, DeviceLogin
from edge_operator.desired.secret.device import device_secret
from edge_operator.status.device import DeviceFacts, device_update
from edge_operator.status.facts import Problem

from .children import Children
from .device_problems import brings_password, duplicate, secret_not_ours, site_not_found, site_not_reconciled
from .intent import intend
from .observed import Observed
from .report import NOT_OURS, Report
from .resource import DeviceObject, SiteObject
from .resources import DeviceStore, SiteStore
from .root_problems import RootUnusableError
from .roots import RootKeys
from .status_writer import StatusWriter
from .store import DEVICE, ChildStore, ResourceKey
from .verdict import Wanted, is_unwanted

DEFAULT_PORT = 1883
IN_CLUSTER = ".svc"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the devices of a site connect."""

    host: str
    port: int

    @property
    def in_cluster_only(self) -> bool:
        """Whether it is the name of a Service."""
        return self.host.endswith(IN_CLUSTER)


class DeviceReconciler:
    """Gives a device its login, and says so.

    Args:
        sites: the sites as last seen.
        devices: the devices as last seen.
        store: the Secrets as last seen.
        roots: the root keys of the sites.
        children: carries out.
        status: writes the status.
    """

    def __init__(
        self,
        sites: SiteStore,
        devices: DeviceStore,
        store: ChildStore,
        roots: RootKeys,
        children: Children,
        status: StatusWriter,
    ) -> None:
        self._sites = sites
        self._devices = devices
        self._store = store
        self._roots = roots
        self._children = children
        self._status = status

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
            return await self._refuse(device, facts, site_not_found(device))
        if (problem := self._problem(device)) is not None:
            return await self._refuse(device, facts, problem)
        if site.external_broker:
            return await self._take_back(device, facts)
        root, address = await self._root(site), _address(site)
        if root is None or address is None:
            return await self._refuse(device, facts, site_not_reconciled(device))
        return await self._issue(device, facts, root, address)

    def _problem(self, device: DeviceObject) -> Problem | None:
        eldest = self._devices.of_id(device.site, device.device_id)[0]
        if eldest.key != device.key:
            return duplicate(device, eldest)
        return brings_password(device) if device.brings_password else None

    async def _root(self, site: SiteObject) -> bytes | None:
        """Return the root key of the site; None where there is none, or none that can be used."""
        try:
            root = await self._roots.learn(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)
            return None
        return None if root is None else root.key

    async def _refuse(self, device: DeviceObject, facts: DeviceFacts, problem: Problem) -> float | None:
        return await self._say(device, replace(facts, problems=(problem,)), None)

    async def _issue(self, device: DeviceObject, facts: DeviceFacts, root: bytes, address: Address) -> float | None:
        namespace, name = device.key
        described = Device(
            name=name,
            namespace=namespace,
            uid=device.claim.uid,
            site=device.site[1],
            login=DeviceLogin(device.device_id, device.rotation),
            secret_name=device.secret_name,
            host=address.host,
            port=address.port,
            root=root,
        )
        intent = intend(device_secret(described))
        wanted = Wanted(intent.key, intent.hash, intent.owned)
        report = await self._children.carry_out(device, [wanted], lambda: [intent])
        await self._children.remove(device, (seen for seen in self._own(device) if seen.key != intent.key), report)
        told = replace(
            facts,
            secret_name=device.secret_name,
            host=address.host,
            in_cluster_only=address.in_cluster_only,
            leaving=tuple(report.leaving),
            problems=tuple(secret_not_ours(each) if each.reason == NOT_OURS else each for each in report.problems),
        )
        return await self._say(device, told, report.again)

    async def _take_back(self, device: DeviceObject, facts: DeviceFacts) -> float | None:
        """Delete what was made for the device before its site's broker was another's."""
        report = Report()
        await self._children.remove(device, self._own(device), report)
        told = replace(facts, managed_broker=False, problems=tuple(report.problems))
        return await self._say(device, told, report.again)

    def _own(self, device: DeviceObject) -> list[Observed]:
        return [seen for seen in self._store.of(DEVICE, device.key) if is_unwanted(seen, device.claim)]

    async def _say(self, device: DeviceObject, facts: DeviceFacts, again: float | None) -> float | None:
        try:
            await self._status.write(device, partial(device_update, facts))
        except ApiError as error:
            if not error.namespace_terminating:
                raise
            logger.debug("%s: its namespace is being deleted: %s", device, error)
            return None
        return again


def _address(site: SiteObject) -> Address | None:
    """Return where devices connect, as the site's own status says; None while it does not."""
    url = site.endpoints.get("mqtt")
    if not url:
        return None
    parts = urlsplit(url)
    return Address(parts.hostname or "", parts.port or DEFAULT_PORT)
