"""Rotation of a device's password in two steps: the Secret first, the broker a while later. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

ROTATION = "edge-stack.io/rotation"
"""Annotation of the device's Secret: which password is in it."""

BEFORE = "edge-stack.io/rotation-before"
"""Which one the broker took before, and takes for a while still."""

SINCE = "edge-stack.io/rotated-at"
"""When the present one came (RFC 3339, our clock)."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a device's Secret has.

    Attributes:
        present: the rotation of the password in it.
        before: the rotation of the one that the broker took when that came; None if there was none.
        since: when the present one came.
    """

    present: int
    before: int | None = None
    since: dt.datetime | None = None

    @classmethod
    def read(cls, annotations: Mapping[str, str]) -> "Rotation | None":
        """Return what the annotations of a Secret say; None where they say nothing that can be read."""
        try:
            before, since = annotations.get(BEFORE), annotations.get(SINCE)
            return cls(
                int(annotations[ROTATION]),
                None if before is None else int(before),
                None if since is None else dt.datetime.fromisoformat(since).astimezone(dt.UTC),
            )
        except (KeyError, ValueError, OverflowError):
            return None

    def annotations(self) -> dict[str, str]:
        """Return what `read` reads."""
        found = {ROTATION: str(self.present)}
        if self.before is not None and self.since is not None:
            found |= {BEFORE: str(self.before), SINCE: self.since.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return found

    def followed_by(self, wanted: int, switch_after: float, now: dt.datetime) -> "Rotation":
        """Return what the Secret is to have where `digests` is asked for; what the broker takes now it takes on."""
        if wanted == self.present:
            return self
        return Rotation(wanted, self.in_effect(switch_after, now), now.replace(microsecond=0))

    def remaining(self, switch_after: float, now: dt.datetime) -> float:
        """Return the seconds until the broker takes the present password; 0 once it does."""
        if self.before is None or self.since is None:
            return 0.0
        return max(0.0, switch_after - (now - self.since).total_seconds())

    def in_effect(self, switch_after: float, now: dt.datetime) -> int:
        """Return the rotation of the password that the broker takes now."""
        if self.before is None or self.remaining(switch_after, now) == 0:
            return self.present
        return self.before
