"""What the tools at the far end write of each reading and alert that arrives, and how it is read again."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from benchmarks.crash.collected import lines_after
from benchmarks.crash.evidence import Alert, Arrival, Key, SinkEvidence


def digest(content: bytes) -> int:
    """Return a digest of a reading or an alert."""
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big")


def reading_line(site: str, log: str, content: bytes, offset: int | None = None) -> bytes:
    """Return the line of a reading; `offset` is that of its header if it has one."""
    document = json.loads(content)
    assert offset in (None, document["offset"]), f"the header has the offset {offset}: {content!r}"
    key = f"{document['device_id']} {document['session']} {document['seq']}"
    return f"reading {site} {log} {document['offset']} {key} {digest(content)}\n".encode()


def alert_line(content: bytes) -> bytes:
    """Return the line of an alert."""
    document = json.loads(content)
    return f"alert {document['device_id']} {document['alert_id']} {document['state']} {digest(content)}\n".encode()


@dataclass
class SinkFile:
    """Reads the file of a tool at the far end.

    Attributes:
        path: the file.
        readings: of the round so far, in the order of their arrival.
        alerts: of the round so far, in the order of their arrival.
    """

    path: Path
    readings: list[Arrival] = field(default_factory=list, init=False)
    alerts: list[Alert] = field(default_factory=list, init=False)
    _at: int = field(default=0, init=False)

    def read(self) -> int:
        """Read what is new; return the number of new lines."""
        if not self.path.exists():
            return 0
        lines, self._at = lines_after(self.path, self._at)
        self._take(line.split() for line in lines)
        return len(lines)

    def _take(self, lines: Iterable[list[str]]) -> None:
        for kind, *words in lines:
            if kind == "alert":
                device, alert_id, state, found = words
                self.alerts.append(Alert(device, alert_id, state, int(found)))
            else:
                site, log, offset, device, session, seq, found = words
                self.readings.append(Arrival(site, log, int(offset), Key(device, session, int(seq)), int(found)))

    def take(self, dead_letters: int) -> SinkEvidence:
        """Return the evidence of the round, and begin the next one."""
        evidence = SinkEvidence(self.readings, self.alerts, dead_letters)
        self.readings, self.alerts = [], []
        return evidence
