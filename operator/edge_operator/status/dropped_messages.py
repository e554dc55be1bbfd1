"""Messages that a site's broker has dropped, and their text in the condition BrokerDropping."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from edge_wire.messages import parse_timestamp

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TEXT = re.compile(r"the broker dropped (\d{1,15}) messages?, the first at (\S{20}), the last at (\S{20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class DroppedMessages:
    """Messages that the broker dropped since the condition began. Its times are in UTC, in whole seconds.

    Attributes:
        messages: number of messages.
        first: time at which the first was noticed.
        last: time at which the last was noticed.
    """

    messages: int
    first: dt.datetime
    last: dt.datetime

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return what a former leader has written into the condition; None if it has no figures."""
        found = _TEXT.match(text)
        first, last = (parse_timestamp(found[2]), parse_timestamp(found[3])) if found else (None, None)
        if found is None or first is None or last is None:
            return None
        return cls(int(found[1]), first, last)

    def plus(self, messages: int, at: dt.datetime) -> "DroppedMessages":
        """Return them together with `messages` that were noticed at `at`."""
        return DroppedMessages(self.messages + messages, self.first, at)

    def text(self) -> str:
        """Return the text that `parse` reads."""
        noun = "message" if self.messages == 1 else "messages"
        first, last = (each.astimezone(dt.UTC).strftime(_TIME) for each in (self.first, self.last))
        return f"the broker dropped {self.messages} {noun}, the first at {first}, the last at {last}"
