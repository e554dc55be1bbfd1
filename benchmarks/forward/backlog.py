"""Rows of a backlog: filled while the sink cannot be reached, drained when it is back."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from benchmarks.forward.far_ends import FarEnd, await_readings
from benchmarks.forward.live import said_of, send, start_load
from benchmarks.forward.plan import DEVICES, Plan, settings_of
from benchmarks.path.figures import MIB, Spent, percentile, resident_bytes, wait_until_quiet
from benchmarks.path.site import MeasuredSite
from benchmarks.path.stored import fill
from benchmarks.table import Row
from tests.edge_service.process import ServiceProcess

WARM_UP = 3000
"""Number of readings that arrive before the sink leaves: it must have its cursor."""

SETTLE_SECONDS = 3.0
SAMPLE_SECONDS = 0.2


@dataclass
class Memory:
    """Watches the resident memory of processes.

    Attributes:
        pids: of the processes.
        highest_bytes: of each.
    """

    pids: Sequence[int]
    highest_bytes: list[int] = field(init=False)
    _end: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        self.highest_bytes = [0 for _ in self.pids]
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            found = [resident_bytes(pid) for pid in self.pids]
            self.highest_bytes = [max(each) for each in zip(self.highest_bytes, found, strict=True)]


def drain(plan: Plan, name: str) -> Iterator[Row]:
    """Measure the backlog of one sink."""
    with plan.site([name]) as (site, (end,)):
        end.come_back()
        processor = site.processor(**settings_of([end])).start().await_ready()
        pids = [processor.pid, site.store.pid]
        send(site, [end], pids, WARM_UP, plan.rate, "warm-up")
        alone = send(site, [end], pids, int(plan.rate * plan.seconds), plan.rate, "alone")
        idle = [resident_bytes(pid) for pid in pids]
        end.leave()
        with Memory(pids) as filling:
            fill(site, plan.backlog, DEVICES)
            time.sleep(SETTLE_SECONDS)
        filled = [resident_bytes(pid) for pid in pids]
        pending = processor.metric("edge_processor_sink_pending_readings", sink=name)
        yield Row(f"{name}: pending after {plan.backlog:,} readings", f"{pending:,.0f}", "")
        with Memory(pids) as draining:
            yield from _drain(plan, end, pids)
        drained = [resident_bytes(pid) for pid in pids]
        said = " · ".join(map(_mib, (idle, filling.highest_bytes, filled, draining.highest_bytes, drained)))
        yield Row(
            f"{name}: RSS before · highest while it grows · with it · highest in the drain · after", said, "unchanged"
        )
        yield from _live_meanwhile(plan, site, end, processor, alone.delays[name])


def _drain(plan: Plan, end: FarEnd, pids: Sequence[int]) -> Iterator[Row]:
    before = Spent.of(pids)
    back = end.come_back()
    figures = await_readings(end, plan.backlog)
    wait_until_quiet(pids)
    micros = 1e6 * Spent.of(pids).since(before).cpu_seconds / plan.backlog
    took = figures["last"] - figures["first"]
    rate = plan.backlog / took
    yield Row(f"{end.name}: from the link back to the first reading", f"{figures['first'] - back:.1f} s", "≤ 5 s")
    yield Row(f"{end.name}: from the link back to empty", f"{figures['last'] - back:.1f} s", "")
    yield Row(f"{end.name}: drain of {plan.backlog:,}", f"{rate:,.0f}/s", "≥ 50,000/s")
    yield Row(f"{end.name}: CPU a reading of the drain, processor + store", f"{micros:.1f} µs", "≤ 15 µs")
    if end.name == "cloud":
        wire, lines = (figures[each] / plan.backlog for each in ("wire_bytes", "line_bytes"))
        yield Row("cloud: bytes on the wire a reading of the drain", f"{wire:.0f} (of {lines:.0f})", "≤ 40")


def _live_meanwhile(
    plan: Plan, site: MeasuredSite, end: FarEnd, processor: ServiceProcess, alone: list[float]
) -> Iterator[Row]:
    """Fill again, and send live readings while the second backlog drains."""
    end.leave()
    fill(site, plan.backlog, DEVICES, "second")
    load = start_load(site, int(plan.rate * plan.seconds), plan.rate, "meanwhile")
    wait_until_quiet([processor.pid, site.store.pid])
    end.come_back()
    await_readings(end, 1)
    load.go()
    load.figures()
    draining = end.ask("count")
    left = processor.metric("edge_processor_sink_pending_readings", sink=end.name)
    delays = await_readings(end, plan.backlog + int(plan.rate * plan.seconds))["delays"]
    share = percentile(delays, 99) / percentile(alone, 99) if alone else 0.0
    said = f"{said_of(delays)} against {said_of(alone)} ({share:.2f} of p99); {left:,.0f} pending at the end"
    yield Row(f"{end.name}: publish → sink while a backlog drains, p50 / p99", said, "≤ 1.2 of p99")
    took = draining["last"] - draining["first"]
    yield Row(f"{end.name}: readings a second meanwhile", f"{draining['readings'] / took:,.0f}/s", "")


def _mib(each: Sequence[int]) -> str:
    return " + ".join(f"{one / MIB:.0f}" for one in each) + " MiB"
