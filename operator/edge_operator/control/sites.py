"""The EdgeSites as last seen."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .site_ref import SiteObject
from .store import SiteKey, newer


class SiteStore:
    """Takes the events of EdgeSites and tells which site to look at.

    Args:
        concerned: called with the key of each site that was added, changed or deleted.
    """

    def __init__(self, concerned: Callable[[SiteKey], None]) -> None:
        self._concerned = concerned
        self._sites: dict[SiteKey, SiteObject] = {}

    def __len__(self) -> int:
        return len(self._sites)

    def __iter__(self) -> Iterator[SiteKey]:
        return iter(tuple(self._sites))

    def get(self, key: SiteKey) -> SiteObject | None:
        """Return a site as last seen."""
        return self._sites.get(key)

    def put(self, body: Mapping[str, Any]) -> None:
        """Take a site that was added or changed, unless something newer is known of it."""
        site = SiteObject(_slim(body))
        known = self._sites.get(site.key)
        if known is not None and known.claim == site.claim:
            version, known_version = site.metadata["resourceVersion"], known.metadata["resourceVersion"]
            if not newer(version, known_version):
                return
        self._sites[site.key] = site
        self._concerned(site.key)

    def drop(self, key: SiteKey) -> None:
        """Take note that a site is gone."""
        if self._sites.pop(key, None) is not None:
            self._concerned(key)

    def unlike(self, listed: Mapping[SiteKey, str]) -> list[SiteKey]:
        """Return the keys that a list of all sites (key to resourceVersion) tells other things of than is known."""
        known = {key: site.metadata["resourceVersion"] for key, site in self._sites.items()}
        return [key for key in {*known, *listed} if known.get(key) != listed.get(key)]


def _slim(body: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is never read: managedFields make up most of an object."""
    metadata = {field: value for field, value in body["metadata"].items() if field != "managedFields"}
    return {**body, "metadata": metadata}
