"""Compares the sites in memory with the API server's: Kopf never tells of what was deleted during a gap."""

import asyncio
import logging
from collections.abc import Sequence

from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.errors import ApiError, UnreachableError
from edge_operator.cluster.objects import Objects, collection_path

from .site_status import EDGE_SITE
from .sites import SiteStore
from .store import SiteKey

PERIOD_SECONDS = 600.0
SETTLE_SECONDS = 1.0
"""After a relist Kopf needs a moment to hand over what it has listed."""

METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

logger = logging.getLogger(__name__)


class SiteHealer:
    """Lists the sites now and then, and heals the store.

    Args:
        client: the API server.
        sites: what is healed.
        namespaces: where sites are looked for; everywhere if empty.
    """

    def __init__(self, client: ApiClient, sites: SiteStore, namespaces: Sequence[str]) -> None:
        self._client = client
        self._objects = Objects(client)
        self._sites = sites
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
                await self.heal()
            except (ApiError, UnreachableError) as error:
                logger.warning("sites not compared with the API server: %s", error)
                await asyncio.sleep(SETTLE_SECONDS)
                self._relisted.set()

    async def heal(self) -> None:
        """Compare once."""
        listed: dict[SiteKey, str] = {}
        for namespace in self._namespaces or (None,):
            path = collection_path(EDGE_SITE.api_version, EDGE_SITE.plural, namespace)
            found = await self._client.read(path, {"resourceVersion": "0"}, METADATA_LIST)
            for item in found.get("items") or ():
                metadata = item["metadata"]
                listed[metadata["namespace"], metadata["name"]] = metadata["resourceVersion"]
        # The list may come from an API server that lags behind: each difference is asked for by name.
        for key in self._sites.unlike(listed):
            known = self._sites.get(key)
            body = await self._objects.get(EDGE_SITE, *key)
            if body is not None:
                self._sites.put(body)
            elif self._sites.get(key) is known:
                # Otherwise it was made anew while the answer was on its way.
                self._sites.drop(key)
