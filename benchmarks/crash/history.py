"""The history of a run: one JSON object a line, with the time of each event."""

import json
import time
from pathlib import Path
from typing import Any


class History:
    """Writes events.

    Args:
        path: the file, which is created or continued.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun = time.monotonic()

    def add(self, event: str, **facts: object) -> None:
        """Write an event with what belongs to it."""
        entry = {"at_seconds": round(time.monotonic() - self._begun, 3), "event": event, **facts}
        with self.path.open("a") as file:
            file.write(json.dumps(entry, default=str) + "\n")

    def entries(self) -> list[dict[str, Any]]:
        """Return the events so far."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]
