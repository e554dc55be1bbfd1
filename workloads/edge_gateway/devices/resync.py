"""What the broker has told again since it was connected to: what it has not is lost, or was cleared meanwhile. Pure."""

from collections.abc import Callable


class RetainedResync:
    """The devices that the broker has told of on this connection.

    Args:
        steady: seconds on a clock that never goes back.
        patience: seconds after the broker has told all; a broker that lost its data is told again by operator and
            devices, which have so long to find it.

    Attributes:
        since: when the connection began.
    """

    def __init__(self, steady: Callable[[], float], patience: float) -> None:
        self.since = steady()
        self._steady = steady
        self._patience = patience
        self._is_open = False
        self._due: float | None = None
        self._statuses: set[str] = set()
        self._entries: set[str] = set()

    def begin(self) -> None:
        """Note that a connection begins."""
        self.end()
        self.since = self._steady()
        self._is_open = True

    def complete(self) -> None:
        """Note that the broker has told all that it had retained."""
        if self._is_open:
            self._due = self._steady() + self._patience

    def end(self) -> None:
        """Take note of nothing more, and forget what was taken note of."""
        self._is_open = False
        self._due = None
        self._statuses.clear()
        self._entries.clear()

    @property
    def is_due(self) -> bool:
        """Whether what was not told again is to be forgotten now."""
        return self._due is not None and self._due <= self._steady()

    def status(self, device_id: str) -> None:
        """Note that a device's status was told."""
        if self._is_open:
            self._statuses.add(device_id)

    def entry(self, device_id: str) -> None:
        """Note that a device's entry in the roster was told."""
        if self._is_open:
            self._entries.add(device_id)

    def has_status(self, device_id: str) -> bool:
        """Return whether a device's status was told."""
        return device_id in self._statuses

    def has_entry(self, device_id: str) -> bool:
        """Return whether a device's entry in the roster was told."""
        return device_id in self._entries
