"""Whether we hear a site: its broker's connection and starts, and since when silence means something."""

import math


class Hearing:
    """What is known of the way between a site's devices and us.

    Args:
        at: when we began, without a connection.
        unreachable_after: how long the broker may be away before its devices are Unknown.

    Attributes:
        is_connected: Whether we have a connection to the broker.
        is_doubtful: Whether what the broker has retained may be from before it restarted.
        unreachable_at: When the devices become Unknown; None if they do not, or are.
    """

    def __init__(self, at: float, unreachable_after: float) -> None:
        self.unreachable_after = unreachable_after
        self.is_connected = False
        self.is_doubtful = True
        self.unreachable_at: float | None = at + unreachable_after
        self._boot_id: str | None = None
        self._boot_before: str | None = None
        self._is_deaf = False
        self._floor = -math.inf

    @property
    def is_listening(self) -> bool:
        """Whether silence means something now."""
        return self.is_connected and not self._is_deaf

    @property
    def floor(self) -> float:
        """Since when we have listened without a break: what was before counts as heard then."""
        return self._floor

    def connected(self, at: float, boot_id: str | None) -> bool:
        """Take a new connection; return whether the broker is known to have restarted."""
        self.is_connected = True
        self.unreachable_at = None
        self._boot_before = self._boot_id
        self.restart(at)
        return self.booted(boot_id)

    def booted(self, boot_id: str | None) -> bool:
        """Take what the broker says of its start; return whether it is known to have restarted."""
        if boot_id is None:
            self.is_doubtful = True
            return False
        before, self._boot_id = self._boot_id, boot_id
        self.is_doubtful = boot_id != self._boot_before
        return before not in {None, boot_id}

    def disconnected(self, at: float) -> None:
        """Take the loss of the connection."""
        self.is_connected = False
        self.unreachable_at = at + self.unreachable_after

    def expect(self, at: float) -> None:
        """Take that there is a device which must not stay Online while the broker is away."""
        if not self.is_connected and self.unreachable_at is None:
            self.unreachable_at = at + self.unreachable_after

    def is_unreachable(self, at: float) -> bool:
        """Return whether the broker has been away for long enough now that its devices become Unknown."""
        return self.unreachable_at is not None and at >= self.unreachable_at

    def deafened(self) -> None:
        """Take that nobody tells us of readings."""
        self._is_deaf = True

    def hearing(self, at: float) -> None:
        """Take that readings are told of again."""
        if self._is_deaf:
            self._is_deaf = False
            self.restart(at)

    def restart(self, at: float) -> None:
        """Begin to listen anew."""
        self._floor = max(self._floor, at)
