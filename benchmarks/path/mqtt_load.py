"""Readings by MQTT through processor and store: CPU, rate, delays, bytes written."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.path.figures import Spent, percentile
from benchmarks.path.site import COUNTER, MeasuredSite

EVERY = 20
"""The delay of one message in so many is taken: each costs the subscriber several microseconds."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One load.

    Attributes:
        messages: number that were sent.
        out: number that came out on `cloud/sensors`.
        spent: by each process, in the order of the pids.
        seconds: from the first message sent to the last one out.
        until_out: delays from publishing until out, sorted, in seconds.
        since_received: delays from `received_at` until out, sorted, in seconds.
    """

    messages: int
    out: int
    spent: tuple[Spent, ...]
    seconds: float
    until_out: list[float]
    since_received: list[float]

    def micros(self, *which: int) -> float:
        """Return the CPU time of some of the processes, in microseconds a message; of all if none is named."""
        spent = self.spent if not which else [self.spent[index] for index in which]
        return 1e6 * sum(each.cpu_seconds for each in spent) / self.messages

    @property
    def rate(self) -> float:
        """Messages a second that came out."""
        return self.out / self.seconds

    @property
    def written(self) -> float:
        """Bytes written to disk by all the processes, a message."""
        return sum(each.written_bytes for each in self.spent) / self.messages

    def delays(self) -> str:
        """Return the median and the 99th percentile of the delay until out, in milliseconds."""
        return f"{1000 * percentile(self.until_out, 50):.1f} / {1000 * percentile(self.until_out, 99):.0f} ms"


def measure(
    site: MeasuredSite,
    pids: Sequence[int],
    messages: int,
    rate: float,
    session: str,
    every: int = EVERY,
    idle_seconds: float = 10.0,
) -> Measured:
    """Send messages at a rate (messages a second, 0 for a burst) and return what processes needed for them."""
    port, password = str(site.broker.layout.mqtt), site.broker.passwords[COUNTER]
    counter = site.tool(
        "benchmarks.path.counter",
        *("--port", port, "--username", COUNTER, "--password", password, "--messages", str(messages)),
        *("--every", str(every), "--idle", str(idle_seconds)),
    )
    load = site.tool(
        "benchmarks.path.load",
        *("--port", port, "--logins", str(site.logins()), "--messages", str(messages), "--rate", str(rate)),
        *("--session", session),
    )
    before = [Spent.of([pid]) for pid in pids]
    load.go()
    counted, sent = counter.figures(), load.figures()
    after = [Spent.of([pid]) for pid in pids]
    assert sent["acknowledged"] == messages, sent
    measured = Measured(
        messages,
        int(_number(counted, "count")),
        tuple(now.since(was) for was, now in zip(before, after, strict=True)),
        _number(counted, "last") - _number(sent, "begun"),
        _list(counted, "until_out"),
        _list(counted, "since_received"),
    )
    print(f"  {session}: {measured.out:,} of {messages:,} out, {measured.micros():.1f} µs", file=sys.stderr)
    return measured


def _number(figures: dict[str, float | list[float]], name: str) -> float:
    value = figures[name]
    assert not isinstance(value, list)
    return value


def _list(figures: dict[str, float | list[float]], name: str) -> list[float]:
    value = figures[name]
    assert isinstance(value, list)
    return value
