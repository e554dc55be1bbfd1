"""What a round leaves behind: in the store, asked page by page, and in the subscriber's file."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crash.evidence import Alert, Key, Published, Stored

PAGE = 1000
"""Number of items of a page."""

REQUEST_SECONDS = 30.0


def ask(url: str) -> Any:
    """Return the JSON of a GET."""
    with urllib.request.urlopen(url, timeout=REQUEST_SECONDS) as answer:
        return json.load(answer)


@dataclass
class StoreReader:
    """Reads what is new in a store.

    Attributes:
        url: of the store.
    """

    url: str
    _reading: int = field(default=-1, init=False)
    _alert: int = field(default=-1, init=False)

    def newest(self) -> int:
        """Return the offset of the newest reading; -1 if there is none."""
        page = ask(f"{self.url}/v1/readings?limit=1")["readings"]
        return int(page[0]["offset"]) if page else -1

    def stored(self) -> list[Stored]:
        """Return the readings since the last call of `forget`, by offset."""
        found = []
        for each in self._pages("readings"):
            if each["offset"] <= self._reading:
                break
            key = Key(each["device_id"], each["session"], each["seq"])
            found.append(Stored(key, each["offset"], each["value"]))
        return found[::-1]

    def alerts(self) -> list[Alert]:
        """Return the alerts since the last call of `forget`, in order."""
        # A page names the position of the next one only: alerts have no offset of their own, so they are counted.
        every = [Alert(each["device_id"], each["alert_id"], each["state"], 0) for each in self._pages("alerts")]
        return every[::-1][max(0, self._alert) :]

    def forget(self, stored: list[Stored], alerts: list[Alert]) -> None:
        """Do not return these again."""
        self._reading = max((each.offset for each in stored), default=self._reading)
        self._alert = max(0, self._alert) + len(alerts)

    def dead_letters(self) -> int:
        """Return the number of dead letters that are payloads of devices."""
        return sum(each.get("sink") is None for each in self._pages("dead-letters"))

    def sink_dead_letters(self) -> Mapping[str, int]:
        """Return the number of dead letters of each sink."""
        counts: dict[str, int] = ask(f"{self.url}/v1/dead-letters/counts")["sinks"]
        return counts

    def _pages(self, name: str) -> Iterator[dict[str, Any]]:
        position = None
        while True:
            before = "" if position is None else f"&before={position}"
            page = ask(f"{self.url}/v1/{name}?limit={PAGE}{before}")
            yield from page[name.replace("-", "_")]
            position = page["next"]
            if position is None:
                return


def lines_after(path: Path, at: int) -> tuple[list[str], int]:
    """Return the complete lines of a growing file after the position `at`, in bytes, and the position after them."""
    with path.open("rb") as file:
        file.seek(at)
        content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    return whole.decode().splitlines(), at + len(whole)


@dataclass
class SubscriberFile:
    """Reads the file of the subscriber.

    Attributes:
        path: the file.
        published: readings of the round so far, in order.
        alerts: alerts of the round so far, in order.
    """

    path: Path
    published: list[Published] = field(default_factory=list, init=False)
    alerts: list[Alert] = field(default_factory=list, init=False)
    _at: int = field(default=0, init=False)

    def read(self) -> int:
        """Read what is new; return the number of new messages."""
        lines, self._at = lines_after(self.path, self._at)
        for line in lines:
            kind, *words = line.split()
            if kind == "alert":
                device, alert_id, state, digest = words
                self.alerts.append(Alert(device, alert_id, state, int(digest)))
            else:
                device, session, seq, offset, digest = words
                self.published.append(Published(Key(device, session, int(seq)), int(offset), int(digest)))
        return len(lines)

    def forget(self) -> None:
        """Begin the next round."""
        self.published, self.alerts = [], []
