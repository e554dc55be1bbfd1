"""Rows of live readings: what each sink costs, and how soon readings arrive."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.forward.far_ends import FarEnd, await_readings
from benchmarks.forward.plan import Plan, settings_of
from benchmarks.path.figures import Spent, percentile, wait_until_quiet
from benchmarks.path.site import MeasuredSite, Tool
from benchmarks.table import Row

COMBINATIONS: tuple[tuple[str, ...], ...] = ((), ("cloud",), ("kafka",), ("cloud", "kafka"))
WARM_UP = 3000
"""Number of readings before the measurement, so that caches, code and connections are warm."""


@dataclass(frozen=True, slots=True)
class Live:
    """One load.

    Attributes:
        micros: CPU of processor and store, in microseconds a reading.
        parts: the same of each of them.
        delays: from publishing until arrival, sorted, in seconds, by sink.
        wire_bytes: bytes at the receiver, with the headers of IP and TCP, a reading; 0 without one.
    """

    micros: float
    parts: tuple[float, float]
    delays: dict[str, list[float]]
    wire_bytes: float


def live(plan: Plan) -> Iterator[Row]:
    """Measure each combination of sinks at a rate."""
    base = 0.0
    for names in COMBINATIONS:
        with plan.site(names) as (site, ends):
            for end in ends:
                end.come_back()
            processor = site.processor(**settings_of(ends)).start().await_ready()
            pids = [processor.pid, site.store.pid]
            send(site, ends, pids, WARM_UP, plan.rate, "warm-up")
            load = send(site, ends, pids, int(plan.rate * plan.seconds), plan.rate, "live")
        base = base or load.micros
        what = " and ".join(names) or "no sink"
        more = f"; {load.micros - base:+.1f} µs" if names else ""
        said = f"{load.micros:.1f} µs ({load.parts[0]:.1f} + {load.parts[1]:.1f}){more}"
        aim = f"≤ {10 * len(names)} µs more" if names else ""
        yield Row(f"CPU a reading, processor + store, at {plan.rate:,.0f}/s: {what}", said, aim)
        for name, delays in load.delays.items():
            yield Row(f"publish → {name}, p50 / p99: {what}", said_of(delays), "")
        if load.wire_bytes:
            yield Row(f"bytes on the wire a reading, live: {what}", f"{load.wire_bytes:.0f}", "≤ 40 (of batches)")


def said_of(delays: Sequence[float]) -> str:
    """Return the median and the 99th percentile of sorted delays, in milliseconds."""
    each = list(delays)
    return f"{1000 * percentile(each, 50):.0f} / {1000 * percentile(each, 99):.0f} ms"


def send(
    site: MeasuredSite, ends: Sequence[FarEnd], pids: Sequence[int], messages: int, rate: float, session: str
) -> Live:
    """Send messages at a rate and return what they cost until all have arrived at all sinks."""
    load = start_load(site, messages, rate, session)
    wait_until_quiet(pids)
    for end in ends:
        end.ask("begin")
    before = [Spent.of([pid]) for pid in pids]
    load.go()
    sent = load.figures()
    assert sent["acknowledged"] == messages, sent
    found = {end.name: await_readings(end, messages) for end in ends}
    wait_until_quiet(pids)
    spent = [1e6 * Spent.of([pid]).since(was).cpu_seconds / messages for pid, was in zip(pids, before, strict=True)]
    delays = {name: figures["delays"] for name, figures in found.items()}
    wire = found["cloud"]["wire_bytes"] / messages if "cloud" in found else 0.0
    return Live(sum(spent), (spent[0], spent[1]), delays, wire)


def start_load(site: MeasuredSite, messages: int, rate: float, session: str) -> Tool:
    """Return devices that are connected and send when `go` is called."""
    return site.tool(
        "benchmarks.path.load",
        *("--port", str(site.broker.layout.mqtt), "--logins", str(site.logins()), "--messages", str(messages)),
        *("--rate", str(rate), "--session", session),
    )
