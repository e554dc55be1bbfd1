"""Retained messages received on this connection: the others were lost by the broker, or cleared. Pure."""

from collections.abc import Callable


class RetainedResync:
    """The devices with retained messages on this connection.

    Args:
        steady: seconds of a monotonic clock.
        grace: seconds after the broker has sent all retained messages; in this time, operator and devices publish again
            what a broker without its data has lost.

    Attributes:
        since: when the connection began, by that clock.
    """

    def __init__(self, steady: Callable[[], float], grace: float) -> None:
        self.since = steady()
        self._steady = steady
        self._grace = grace
        self._is_open = False
        self._due: float | None = None
        self._statuses: set[str] = set()
        self._entries: set[str] = set()

    def begin(self) -> None:
        """Begin with a new connection."""
        self.end()
        self.since = self._steady()
        self._is_open = True

    def complete(self) -> None:
        """Record that the broker has sent all retained messages."""
        if self._is_open:
            self._due = self._steady() + self._grace

    def end(self) -> None:
        """Stop recording, and discard what was recorded."""
        self._is_open = False
        self._due = None
        self._statuses.clear()
        self._entries.clear()

    @property
    def is_due(self) -> bool:
        """Whether to remove now what the broker has not sent again."""
        return self._due is not None and self._due <= self._steady()

    def status(self, device_id: str) -> None:
        """Record the status of a device."""
        if self._is_open:
            self._statuses.add(device_id)

    def entry(self, device_id: str) -> None:
        """Record the roster entry of a device."""
        if self._is_open:
            self._entries.add(device_id)

    def has_status(self, device_id: str) -> bool:
        """Return whether the status of a device was received."""
        return device_id in self._statuses

    def has_entry(self, device_id: str) -> bool:
        """Return whether the roster entry of a device was received."""
        return device_id in self._entries
