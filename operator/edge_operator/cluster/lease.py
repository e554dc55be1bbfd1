"""The lease: whether it is ours, and what a candidate does next. Pure: the clock is given.

The protocol is that of client-go's leaderelection package: a candidate trusts its own clock alone, and takes a
lease only after having seen it unchanged for the whole of its duration. Wall clocks are written for people and
never compared.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

LEASE_SECONDS = 8.0
RENEW_DEADLINE_SECONDS = 5.0


class Move(Enum):
    """What a candidate does next."""

    CREATE = auto()
    TAKE = auto()
    RENEW = auto()
    WAIT = auto()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease as it was first seen in its present state.

    Attributes:
        holder: identity of the holder; empty if it was released.
        version: resourceVersion.
        duration: seconds that the holder was granted.
        seen_at: our clock when this state was first seen.
    """

    holder: str
    version: str
    duration: float
    seen_at: float


def next_move(sighting: Sighting | None, identity: str, now: float) -> Move:
    """Decide what to do about the lease as it was last seen."""
    if sighting is None:
        return Move.CREATE
    if sighting.holder == identity:
        return Move.RENEW
    if not sighting.holder or now >= sighting.seen_at + sighting.duration:
        return Move.TAKE
    return Move.WAIT


class LeaseGate:
    """Open while the lease is surely ours; closes by itself.

    Args:
        clock: seconds on a clock that never goes back and counts suspension.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._valid_until = float("-inf")

    def is_open(self) -> bool:
        """Return whether a write may be sent now."""
        return self._clock() < self._valid_until

    def hold(self, asked_at: float) -> None:
        """Open the gate for the renew deadline, counted from when the renewal was asked for."""
        self._valid_until = asked_at + RENEW_DEADLINE_SECONDS

    def close(self) -> None:
        """Close the gate at once."""
        self._valid_until = float("-inf")
