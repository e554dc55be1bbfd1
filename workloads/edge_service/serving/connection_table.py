"""Which connections a server keeps when there are too many. Pure: it has no sockets."""

from collections import Counter
from collections.abc import Callable

from edge_service.serving.limits import ConnectionLimits


def _unused() -> None:
    """Do nothing: there is nothing to end yet."""


class Slot:
    """The place of a connection in the table.

    Args:
        table: of the slot.
        source: address of the peer.
        is_reserve: whether the connection gets an answer from the probes only.

    Attributes:
        abort: ends the connection at once; set by its owner.
    """

    __slots__ = ("_table", "abort", "is_reserve", "source")

    def __init__(self, table: "ConnectionTable", source: str, *, is_reserve: bool) -> None:
        self._table = table
        self.source = source
        self.is_reserve = is_reserve
        self.abort: Callable[[], object] = _unused

    def set_waiting(self) -> None:
        """Record that the server waits for a request, or for the rest of its head."""
        self._table.set_waiting(self)

    def set_busy(self) -> None:
        """Record that a request is being answered."""
        self._table.set_busy(self)

    def release(self) -> None:
        """Remove it: the connection has ended. May be called again."""
        self._table.release(self)


class ConnectionTable:
    """The open connections of one or more servers of a process.

    When there are too many, a new connection takes the place of the one that has waited longest for a request: a client
    that opens connections and sends nothing cannot keep others from the server. If all are busy, some more are accepted
    for the probes.

    Args:
        limits: of the servers.
        ended: called with the reason for each connection that is ended or refused: `displaced` or `refused`.
    """

    def __init__(self, limits: ConnectionLimits, ended: Callable[[str], None] = lambda _: None) -> None:
        self.limits = limits
        self.ended = ended
        self._open: dict[Slot, None] = {}
        self._reserves = 0
        self._of_source: Counter[str] = Counter()
        # In the order in which they began to wait.
        self._waiting: dict[Slot, None] = {}
        self._waiting_of: dict[str, dict[Slot, None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, source: str) -> Slot | None:
        """Return the slot of a new connection; None if it must be closed."""
        if not self._has_room(source):
            is_full = self._of_source[source] >= self.limits.connections_per_source
            self._displace(self._waiting_of.get(source, {}) if is_full else self._waiting)
        is_reserve = not self._has_room(source)
        if is_reserve and self._reserves >= self.limits.reserve_connections:
            self.ended("refused")
            return None
        slot = Slot(self, source, is_reserve=is_reserve)
        self._open[slot] = None
        self._of_source[source] += 1
        self._reserves += slot.is_reserve
        self.set_waiting(slot)
        return slot

    def make_room(self, count: int) -> None:
        """End up to `count` connections that wait: the process has no file descriptors left."""
        for _ in range(count):
            if not self._displace(self._waiting):
                return

    def set_waiting(self, slot: Slot) -> None:
        """Record that the server waits for a request of `slot`."""
        if slot in self._open:
            self.set_busy(slot)
            self._waiting[slot] = None
            self._waiting_of.setdefault(slot.source, {})[slot] = None

    def set_busy(self, slot: Slot) -> None:
        """Record that a request of `slot` is being answered."""
        if slot in self._waiting:
            del self._waiting[slot]
            of_source = self._waiting_of[slot.source]
            del of_source[slot]
            if not of_source:
                del self._waiting_of[slot.source]

    def release(self, slot: Slot) -> None:
        """Remove `slot`, if it is there."""
        if slot not in self._open:
            return
        self.set_busy(slot)
        del self._open[slot]
        self._reserves -= slot.is_reserve
        self._of_source[slot.source] -= 1
        if not self._of_source[slot.source]:
            del self._of_source[slot.source]

    def _has_room(self, source: str) -> bool:
        limits = self.limits
        return (
            len(self._open) - self._reserves < limits.connections
            and self._of_source[source] < limits.connections_per_source
        )

    def _displace(self, waiting: dict[Slot, None]) -> bool:
        oldest = next(iter(waiting), None)
        if oldest is None:
            return False
        self.release(oldest)
        self.ended("displaced")
        oldest.abort()
        return True
