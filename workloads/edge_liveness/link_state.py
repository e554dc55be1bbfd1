"""Whether we hear a site: its broker's connection and starts, and since when silence means something."""

import math


class LinkState:
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
        self._seen_running = self._seen_running_before = -math.inf
        self._has_processor = False
        self._is_silence_unreliable = False
        self._listening_since = -math.inf

    @property
    def is_listening(self) -> bool:
        """Whether silence means something now."""
        return self.is_connected and not self._is_silence_unreliable

    @property
    def listening_since(self) -> float:
        """Since when we have listened without a break: what was before counts as heard then."""
        return self._listening_since

    def connected(self, at: float, boot_id: str | None) -> None:
        """Take a new connection, and the boot id of the broker if it is known."""
        self.is_connected = True
        # It may be gone since it was last heard of.
        self._is_silence_unreliable = self._has_processor
        self.unreachable_at = None
        self._boot_before = self._boot_id
        self._seen_running_before = self._seen_running
        self.is_doubtful = True
        self.restart(at)
        self.booted(boot_id)

    def booted(self, boot_id: str | None) -> bool:
        """Take what names the broker's start; return whether it is known to have restarted.

        The same as before ends no doubt: it is kept over a restart, and the new one may come late.
        """
        if boot_id is None:
            return False
        before, self._boot_id = self._boot_id, boot_id
        if boot_id != self._boot_before:
            self.is_doubtful = True
        return before not in {None, boot_id}

    def running(self, at: float, uptime: float) -> None:
        """Take for how long the broker has run, at least: one that began before it was last heard has not restarted."""
        self._seen_running = at
        if at - uptime < self._seen_running_before and self._boot_id == self._boot_before:
            self.is_doubtful = False

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

    def processor_available(self, at: float, *, is_there: bool, retained: bool) -> None:
        """Take whether somebody is there who tells us of readings; that somebody is may be kept over a restart."""
        was_known, self._has_processor = self._has_processor, True
        if is_there and retained and self.is_doubtful:
            self._is_silence_unreliable |= not was_known
        elif not is_there:
            self._is_silence_unreliable = True
        elif self._is_silence_unreliable:
            self._is_silence_unreliable = False
            self.restart(at)

    def missed(self, at: float) -> None:
        """Take that we did not listen until now; where nobody tells us of readings, silence means nothing anyway."""
        if not self._is_silence_unreliable:
            self.restart(at)

    def restart(self, at: float) -> None:
        """Begin to listen anew."""
        self._listening_since = max(self._listening_since, at)
