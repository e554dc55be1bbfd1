"""State of the link to a site's broker: connection, restarts, and since when silence is meaningful."""

import math


class LinkState:
    """The state of the link between this process and the devices of a site. All times are seconds of one clock.

    Args:
        at: when this process began, without a connection.
        unreachable_after: seconds without a connection after which the devices are Unknown.

    Attributes:
        is_connected: whether there is a connection to the broker.
        retained_may_be_stale: whether the retained messages may be from before a restart of the broker.
        unreachable_at: when the devices become Unknown; None if they do not, or are already.
    """

    def __init__(self, at: float, unreachable_after: float) -> None:
        self.unreachable_after = unreachable_after
        self.is_connected = False
        self.retained_may_be_stale = True
        self.unreachable_at: float | None = at + unreachable_after
        self._boot_id: str | None = None
        self._boot_before: str | None = None
        self._seen_running = self._seen_running_before = -math.inf
        self._has_processor = False
        self._is_silence_unreliable = False
        self._listening_since = -math.inf

    @property
    def is_listening(self) -> bool:
        """Whether silence of a device is meaningful now."""
        return self.is_connected and not self._is_silence_unreliable

    @property
    def listening_since(self) -> float:
        """Since when messages are received without a gap; silence before does not count."""
        return self._listening_since

    def connected(self, at: float, boot_id: str | None) -> None:
        """Handle a new connection, with the boot id of the broker if it is known."""
        self.is_connected = True
        # The processor may have stopped since its last message.
        self._is_silence_unreliable = self._has_processor
        self.unreachable_at = None
        self._boot_before = self._boot_id
        self._seen_running_before = self._seen_running
        self.retained_may_be_stale = True
        self.restart(at)
        self.on_boot_id(boot_id)

    def on_boot_id(self, boot_id: str | None) -> bool:
        """Handle the broker's boot id; return whether the broker is known to have restarted.

        The same id as before proves nothing: it is retained over a restart, and the new one may arrive later.
        """
        if boot_id is None:
            return False
        before, self._boot_id = self._boot_id, boot_id
        if boot_id != self._boot_before:
            self.retained_may_be_stale = True
        return before not in {None, boot_id}

    def on_uptime(self, at: float, uptime: float) -> None:
        """Handle the minimum uptime of the broker in seconds: if it covers the last contact, there was no restart."""
        self._seen_running = at
        if at - uptime < self._seen_running_before and self._boot_id == self._boot_before:
            self.retained_may_be_stale = False

    def disconnected(self, at: float) -> None:
        """Handle the loss of the connection."""
        self.is_connected = False
        self.unreachable_at = at + self.unreachable_after

    def expect(self, at: float) -> None:
        """Start the countdown to Unknown for a device that is Online or new while there is no connection."""
        if not self.is_connected and self.unreachable_at is None:
            self.unreachable_at = at + self.unreachable_after

    def is_unreachable(self, at: float) -> bool:
        """Return whether the devices become Unknown, because there has been no connection for `unreachable_after`."""
        return self.unreachable_at is not None and at >= self.unreachable_at

    def processor_status(self, at: float, *, is_online: bool, retained: bool) -> None:
        """Handle the availability of the processor; a retained `online` may be from before a restart."""
        was_known, self._has_processor = self._has_processor, True
        if is_online and retained and self.retained_may_be_stale:
            self._is_silence_unreliable |= not was_known
        elif not is_online:
            self._is_silence_unreliable = True
        elif self._is_silence_unreliable:
            self._is_silence_unreliable = False
            self.restart(at)

    def missed(self, at: float) -> None:
        """Handle a stall of this process that ends now; without the processor, silence means nothing anyway."""
        if not self._is_silence_unreliable:
            self.restart(at)

    def restart(self, at: float) -> None:
        """Count silence from `at`."""
        self._listening_since = max(self._listening_since, at)
