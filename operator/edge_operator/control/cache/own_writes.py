"""The status writes of this process that are under way: their events cause no reconcile."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .child_cache import ResourceKey

Status = Mapping[str, Any]


class OwnWrites:
    """The statuses of one kind that this process is writing now.

    The response to a write is stored in the cache, so its event changes nothing. But the event may arrive before the
    response: this class recognizes it by its content.

    Args:
        differs: returns whether writing the first status over the second would change anything.
    """

    def __init__(self, differs: Callable[[Status, Status], bool]) -> None:
        self._differs = differs
        self._statuses: dict[ResourceKey, Status] = {}

    @contextmanager
    def sending(self, key: ResourceKey, status: Status) -> Iterator[None]:
        """Expect a change to this status, until the response is stored. Only one write per resource at a time."""
        self._statuses[key] = status
        try:
            yield
        finally:
            del self._statuses[key]

    def made(self, key: ResourceKey, status: Status) -> bool:
        """Return whether this process is writing this status, as opposed to one that somebody else has edited."""
        own = self._statuses.get(key)
        return own is not None and not self._differs(own, status)
