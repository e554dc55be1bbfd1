"""Rotation of a device's password in two steps: first the Secret, later the broker. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

ROTATION = "edge-stack.io/rotation"
"""Annotation of the device's Secret with the number of its password."""

BEFORE = "edge-stack.io/rotation-before"
"""Annotation with the number of the password that the broker accepted before, and accepts until the switch."""

SINCE = "edge-stack.io/rotated-at"
"""Annotation with the time at which the present password was issued (RFC 3339, operator's clock)."""

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Rotation:
    """The state of a rotation, as stored in a device's Secret.

    `switch_after` is the number of seconds for which the broker still accepts the password before.

    Attributes:
        present: number of the password in the Secret.
        before: number of the password that the broker accepted when the present one was issued; None if none.
        since: time at which the present one was issued.
    """

    present: int
    before: int | None = None
    since: dt.datetime | None = None

    @classmethod
    def read(cls, annotations: Mapping[str, str]) -> "Rotation | None":
        """Return the rotation in the annotations of a Secret; None if they are missing or invalid."""
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
        """Return the annotations that `read` parses."""
        found = {ROTATION: str(self.present)}
        if self.before is not None and self.since is not None:
            found |= {BEFORE: str(self.before), SINCE: self.since.strftime(RFC3339)}
        return found

    def followed_by(self, rotation: int, switch_after: float, now: dt.datetime) -> "Rotation":
        """Return the state for the password number `rotation`; the broker keeps accepting the one in effect now."""
        if rotation == self.present:
            return self
        return Rotation(rotation, self.in_effect(switch_after, now), now.replace(microsecond=0))

    def remaining(self, switch_after: float, now: dt.datetime) -> float:
        """Return the seconds until the broker accepts the present password; 0 if it does."""
        if self.before is None or self.since is None:
            return 0.0
        return max(0.0, switch_after - (now - self.since).total_seconds())

    def switch_time(self, switch_after: float) -> str:
        """Return when the broker accepts the present password, RFC 3339; empty if it always did."""
        if self.before is None or self.since is None:
            return ""
        try:
            return (self.since + dt.timedelta(seconds=switch_after)).strftime(RFC3339)
        except OverflowError:
            # Somebody has changed the annotation to the end of the year 9999.
            return self.since.strftime(RFC3339)

    def in_effect(self, switch_after: float, now: dt.datetime) -> int:
        """Return the number of the password that the broker accepts now."""
        if self.before is None or self.remaining(switch_after, now) == 0:
            return self.present
        return self.before
