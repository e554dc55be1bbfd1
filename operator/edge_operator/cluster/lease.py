"""The lease: whether this process holds it, and the next step of a candidate. Pure: the clock is given.

The protocol is that of client-go's leaderelection package: a candidate relies on its own clock only, and acquires a
lease only after having observed it unchanged for the whole of its duration. Timestamps in the Lease are never
compared.

Beyond that protocol, a Lease that somebody deletes does not cause two leaders. The holder of the deleted object may
rely on it for the renew deadline. So a holder of the object that replaced it leads only if that object has existed for
the renew deadline, or if it still leads by the deleted one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

LEASE_SECONDS = 8.0
RENEW_DEADLINE_SECONDS = 5.0


class Step(Enum):
    """Next step of a candidate."""

    CREATE = auto()
    TAKE = auto()
    RENEW = auto()
    WAIT = auto()


@dataclass(frozen=True, slots=True)
class ObservedLease:
    """A lease as it was first observed in its present state.

    Attributes:
        holder: identity of the holder; empty if it was released.
        version: resourceVersion.
        duration: duration of the lease, in seconds.
        seen_at: time of the first observation on our clock, in seconds.
    """

    holder: str
    version: str
    duration: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class LeaseObject:
    """The Lease as an object: one that was deleted and created again has another uid.

    Attributes:
        uid: metadata.uid.
        seen_at: time of the first observation of this uid on our clock, in seconds.
        released: whether a leader had released it then, so that the holder of a deleted predecessor no longer leads.
    """

    uid: str
    seen_at: float
    released: bool

    def is_settled(self, asked_at: float) -> bool:
        """Return whether the holder of a deleted predecessor can no longer lead.

        Args:
            asked_at: time at which the latest renewal was sent, in seconds.
        """
        return self.released or asked_at >= self.seen_at + RENEW_DEADLINE_SECONDS


def next_step(observed: ObservedLease | None, identity: str, now: float) -> Step:
    """Return the next step for the lease as it was last observed; `now` is in seconds, on the clock of `seen_at`."""
    if observed is None:
        return Step.CREATE
    if observed.holder == identity:
        return Step.RENEW
    if not observed.holder or now >= observed.seen_at + observed.duration:
        return Step.TAKE
    return Step.WAIT


class LeaseGate:
    """Open while this process certainly holds the lease; closes by itself.

    Args:
        clock: monotonic clock that counts suspension, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._valid_until = float("-inf")

    def is_open(self) -> bool:
        """Return whether a write may be sent now."""
        return self._clock() < self._valid_until

    def hold(self, asked_at: float) -> None:
        """Open the gate for the renew deadline, counted from `asked_at`: when the renewal was sent, in seconds."""
        self._valid_until = asked_at + RENEW_DEADLINE_SECONDS

    def close(self) -> None:
        """Close the gate at once."""
        self._valid_until = float("-inf")
