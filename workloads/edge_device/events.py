"""Prints the events of the simulated devices, one a line."""

import datetime as dt
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, TextIO

from edge_wire.messages import format_timestamp

FREQUENT = frozenset({"reading", "acknowledged", "unheard", "heartbeat"})
"""Events that `quiet` only counts."""


@dataclass(slots=True)
class Events:
    """Prints and counts events.

    Attributes:
        output: format; quiet omits frequent events.
        stream: the output.
        counts: number of events by name.
    """

    output: Literal["plain", "json", "quiet"] = "plain"
    stream: TextIO = sys.stdout
    counts: Counter[str] = field(default_factory=Counter)

    def emit(self, event: str, device_id: str, **facts: Any) -> None:
        """Print `event` of a device with its facts."""
        self.counts[event] += 1
        if self.output == "quiet" and event in FREQUENT:
            return
        self._print(event, {"device": device_id, **facts})

    def print_summary(self) -> None:
        """Print the number of events by name."""
        self._print("sum", dict(sorted(self.counts.items())))

    def _print(self, event: str, facts: dict[str, Any]) -> None:
        now = format_timestamp(dt.datetime.now(dt.UTC))
        if self.output == "json":
            line = json.dumps({"time": now, "event": event, **facts}, ensure_ascii=False, default=str)
        else:
            line = " ".join([now, event, *(f"{name}={value}" for name, value in facts.items())])
        self.stream.write(f"{line}\n")
        self.stream.flush()
