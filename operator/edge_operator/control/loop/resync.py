"""Compares the resources in memory with the API server's: Kopf never tells of what was deleted during a gap."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from edge_operator.cluster.client import JSON, ApiClient
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.cluster.objects import Objects, collection_path
from edge_operator.cluster.pages import items, pages
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource_cache import ResourceCache
from edge_operator.desired.kinds import ChildKind

PERIOD_SECONDS = 600.0
SETTLE_SECONDS = 1.0
"""After a relist Kopf needs a moment to hand over what it has listed."""

NOT_FOUND = 404

METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

logger = logging.getLogger(__name__)


class Resync:
    """Lists the resources of one kind now and then, and heals the store.

    Args:
        client: the API server.
        kind: the kind.
        resources: what is healed.
        namespaces: where they are looked for; everywhere if empty.
    """

    def __init__(
        self, client: ApiClient, kind: ChildKind, resources: ResourceCache[Any], namespaces: Sequence[str]
    ) -> None:
        self._client = client
        self._objects = Objects(client)
        self._kind = kind
        self._resources = resources
        self._namespaces = namespaces
        self._relisted = asyncio.Event()

    def relisted(self) -> None:
        """Take note that a watch was opened anew: what was deleted meanwhile has to be found."""
        self._relisted.set()

    async def run(self) -> None:
        """Heal after each relist and each period, until cancelled."""
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
                if error.code == NOT_FOUND:
                    # Our CRD was deleted: once it is back, everything is taken anew.
                    continue
                await self._retry(error)
            except UnreachableError as error:
                await self._retry(error)

    async def _retry(self, error: Exception) -> None:
        logger.warning("%s cannot compare with the API server: %s", self._kind.plural, error)
        await asyncio.sleep(SETTLE_SECONDS)
        self._relisted.set()

    async def initial_list(self) -> None:
        """Take everything that there is now, as it is.

        Raises:
            ApiError: the API server refused.
            UnreachableError: it did not answer.
        """
        listed = set()
        async for body in self._items():
            self._resources.put(body)
            listed.add((body["metadata"]["namespace"], body["metadata"]["name"]))
        for key in self._resources:
            if key not in listed:
                self._resources.delete(key)

    async def resync(self) -> None:
        """Compare once."""
        listed: dict[ResourceKey, str] = {}
        async for item in self._items(METADATA_LIST):
            metadata = item["metadata"]
            listed[metadata["namespace"], metadata["name"]] = metadata["resourceVersion"]
        # A list of many pages is of the time of its first: each difference is asked for by name.
        for key in self._resources.stale_keys(listed):
            known = self._resources.get(key)
            body = await self._objects.get(self._kind, *key)
            if body is not None:
                self._resources.put(body)
            elif self._resources.get(key) is known:
                # Otherwise it was made anew while the answer was on its way.
                self._resources.delete(key)

    async def _items(self, accept: str = JSON) -> AsyncIterator[dict[str, Any]]:
        """Yield all there are."""
        for namespace in self._namespaces or (None,):
            path = collection_path(self._kind.api_version, self._kind.plural, namespace)
            async for page in pages(partial(self._client.read, path, accept=accept)):
                for item in items(page):
                    yield item


class Resyncs:
    """The healers of both kinds.

    Args:
        sites: heals the sites.
        devices: heals the devices.
    """

    def __init__(self, sites: Resync, devices: Resync) -> None:
        self.sites = sites
        self.devices = devices
        self.initialized = asyncio.Event()

    async def initial_list(self) -> None:
        """Take all sites and devices as they are now, however often it takes to ask.

        Nothing is to be decided before: a site whose devices are not known yet would lock them out.
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
