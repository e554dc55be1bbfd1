"""Compares the cached resources with the API server's, because Kopf misses deletions while its watch is closed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from edge_operator.cluster.client import JSON, ApiClient
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.cluster.objects import ObjectClient, collection_path
from edge_operator.cluster.pages import items, pages
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource_cache import ResourceCache
from edge_operator.desired.kinds import ChildKind

PERIOD_SECONDS = 600.0
SETTLE_SECONDS = 1.0
"""Delay after a relist, in which Kopf delivers the objects that it has listed."""

METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

logger = logging.getLogger(__name__)


class Resync:
    """Lists the resources of one kind after each relist and periodically, and corrects the cache.

    Args:
        client: client for the API server.
        kind: the kind.
        resources: the cache to correct.
        namespaces: namespaces to list; all if empty.
    """

    def __init__(
        self, client: ApiClient, kind: ChildKind, resources: ResourceCache[Any], namespaces: Sequence[str]
    ) -> None:
        self._client = client
        self._objects = ObjectClient(client)
        self._kind = kind
        self._resources = resources
        self._namespaces = namespaces
        self._relisted = asyncio.Event()

    def relisted(self) -> None:
        """Request a resync, because Kopf has opened its watch again: objects may have been deleted in between."""
        self._relisted.set()

    async def run(self) -> None:
        """Resync after each relist and each period, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(PERIOD_SECONDS):
                    await self._relisted.wait()
                await asyncio.sleep(SETTLE_SECONDS)
            except TimeoutError:
                pass
            self._relisted.clear()
            try:
                await self.resync()
            except ApiError as error:
                if error.not_found:
                    # The CRD was deleted: once it exists again, everything is listed again.
                    continue
                await self._retry(error)
            except UnreachableError as error:
                await self._retry(error)

    async def _retry(self, error: Exception) -> None:
        logger.warning("%s cannot compare with the API server: %s", self._kind.plural, error)
        await asyncio.sleep(SETTLE_SECONDS)
        self._relisted.set()

    async def initial_list(self) -> None:
        """Store all resources that exist now and remove the others.

        Raises:
            ApiError: the API server rejected the request.
            UnreachableError: the API server did not respond.
        """
        listed = set()
        async for body in self._items():
            self._resources.put(body)
            listed.add((body["metadata"]["namespace"], body["metadata"]["name"]))
        for key in self._resources:
            if key not in listed:
                self._resources.delete(key)

    async def resync(self) -> None:
        """Compare the cache with the API server once."""
        listed: dict[ResourceKey, str] = {}
        async for item in self._items(METADATA_LIST):
            metadata = item["metadata"]
            listed[metadata["namespace"], metadata["name"]] = metadata["resourceVersion"]
        # All pages of a list show the state at its first page, so each difference is read by name.
        for key in self._resources.stale_keys(listed):
            known = self._resources.get(key)
            body = await self._objects.get(self._kind, *key)
            if body is not None:
                self._resources.put(body)
            elif self._resources.get(key) is known:
                # Otherwise it was created again while the response was on its way.
                self._resources.delete(key)

    async def _items(self, accept: str = JSON) -> AsyncIterator[dict[str, Any]]:
        """Yield all resources."""
        for namespace in self._namespaces or (None,):
            path = collection_path(self._kind.api_version, self._kind.plural, namespace)
            async for page in pages(partial(self._client.read, path, accept=accept)):
                for item in items(page):
                    yield item


class Resyncs:
    """The resyncs of both kinds.

    Args:
        sites: corrects the cache of sites.
        devices: corrects the cache of devices.

    Attributes:
        initialized: set when both kinds have been listed.
    """

    def __init__(self, sites: Resync, devices: Resync) -> None:
        self.sites = sites
        self.devices = devices
        self.initialized = asyncio.Event()

    async def initial_list(self) -> None:
        """List all sites and devices, retrying until it succeeds.

        Nothing may be decided before: a site without its devices in the cache would revoke their logins.
        """
        while True:
            try:
                for resync in (self.devices, self.sites):
                    await resync.initial_list()
            except (ApiError, UnreachableError) as error:
                logger.warning("cannot list the custom resources: %s", error)
                await asyncio.sleep(SETTLE_SECONDS)
            else:
                self.initialized.set()
                return
