"""What the sites' stores report about their volumes, in the status of their processors."""

from collections.abc import Callable

from edge_operator.control.cache.child_cache import ResourceKey
from edge_wire.messages import PROCESSOR, ComponentStatus, StorageReport
from edge_wire.messages.storage import MEMBER


class StoreReports:
    """Stores the last report of each site.

    The processor limits how often it reports, so each different report is written to the status.

    Args:
        enqueue: enqueues a site.
    """

    def __init__(self, enqueue: Callable[[ResourceKey], None]) -> None:
        self._enqueue = enqueue
        self._reports: dict[ResourceKey, StorageReport] = {}

    def record(self, site: ResourceKey, status: ComponentStatus) -> None:
        """Record the report in the status of a processor; other components, and older releases, report nothing.

        Raises:
            MalformedError: the report is malformed.
        """
        if status.component != PROCESSOR or MEMBER not in status.extra:
            return
        report = StorageReport.from_object(status.extra[MEMBER])
        if self._reports.get(site) != report:
            self._reports[site] = report
            self._enqueue(site)

    def get(self, site: ResourceKey) -> StorageReport | None:
        """Return the last report of a site; None before the first."""
        return self._reports.get(site)

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self._reports.pop(site, None)

    def clear(self) -> None:
        """Remove all sites, because another process leads now."""
        self._reports.clear()
